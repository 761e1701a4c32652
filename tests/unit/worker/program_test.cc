#include "worker/program.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "temporary_folder.h"
#include "worker/command.h"

namespace zcrew::worker {
namespace {

std::string problem(const std::vector<std::string>& argv) {
  return check_command(argv).value_or("");
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("programs of PATH and of a path are found") {
  CHECK(problem({"sh"}).empty());
  CHECK(problem({"/bin/sh", "-c", "true"}).empty());
  CHECK(find_program({"sh"})->path.find("/sh") != std::string::npos);
}

TEST_CASE("no command at all is a usage that is explained") {
  CHECK(says(problem({}), "no command"));
  CHECK(says(problem({""}), "no command"));
}

TEST_CASE("a command that is nowhere is named, with where it was looked for") {
  const std::string text = problem({"no-such-command-here"});
  CHECK(says(text, "'no-such-command-here'"));
  CHECK(says(text, "PATH"));
}

TEST_CASE("a file that is no program is refused before any job") {
  const TemporaryFolder folder;
  const std::string plain = folder.file("plain", "text");
  CHECK(says(problem({plain}), "chmod +x"));
  CHECK(says(problem({folder.path() + "/missing"}), "no such file"));
  CHECK(says(problem({folder.path() + "/."}), "directory"));
}

TEST_CASE("a script whose interpreter is missing is refused before any job") {
  const TemporaryFolder folder;
  const std::string script = folder.program("script", "#! /no/such/interpreter -x\n");
  CHECK(says(problem({script}), "/no/such/interpreter"));
  CHECK(problem({folder.program("good", "#!/bin/sh\n")}).empty());
}

TEST_CASE("a file that the system cannot run is refused before any job") {
  const TemporaryFolder folder;
  std::ifstream file("/bin/true", std::ios::binary);
  const std::string real{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(real.size() > 1000);
  std::string foreign = real;
  foreign[18] = '\x2b';  // e_machine: SPARC V9
  std::string without_loader = real;
  const auto loader = without_loader.find("/lib64/ld-linux");
  REQUIRE(loader != std::string::npos);
  without_loader[loader + 1] = 'L';
  std::string noise;  // without a zero byte, as a third of all random heads
  for (int i = 0; i < 256; ++i) noise += static_cast<char>(i * 7 % 255 + 1);

  CHECK(problem({folder.program("real", real)}).empty());
  CHECK(says(problem({folder.program("foreign", foreign)}), "program for this machine"));
  CHECK(says(problem({folder.program("no-loader", without_loader)}), "loader"));
  CHECK_FALSE(problem({folder.program("short", real.substr(0, 100))}).empty());
  CHECK(says(problem({folder.program("noise", noise)}), "program for this machine"));
  CHECK(says(problem({folder.program("zeros", std::string(100, '\0'))}), "this machine"));
  CHECK(says(problem({folder.program("empty", "")}), "this machine"));
}

TEST_CASE("a text without a first line is a script, as for a shell") {
  const TemporaryFolder folder;
  const auto script = find_program({folder.program("plain", "echo gr\xfc\xdf\n")});
  REQUIRE(script);
  CHECK(script->is_plain_script);
  CHECK_FALSE(find_program({"true"})->is_plain_script);
}

TEST_CASE("asking whether a program would run does not run it") {
  const TemporaryFolder folder;
  const std::string made = folder.path() + "/made";
  CHECK(problem({"/bin/mkdir", made}).empty());
  CHECK_FALSE(std::filesystem::exists(made));
}

TEST_CASE("a command line that is too long is refused before any job") {
  CHECK(says(problem({"true", std::string(std::size_t{1} << 20U, 'x')}), "shorten"));
}

TEST_CASE("a handler cannot be made for a command that cannot be started") {
  CommandOptions options;
  options.argv = {"no-such-command-here"};
  try {
    const CommandHandler handler(options);
    FAIL("it was made");
  } catch (const Error& error) {
    CHECK(error.exit_code() == exit_code::configuration);
  }
}

}  // namespace zcrew::worker
