#include "worker/program.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>

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
