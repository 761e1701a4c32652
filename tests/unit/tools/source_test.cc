#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "submit_source.h"
#include "zcrew/error.h"

namespace zcrew::tool {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() : path_(mkdtemp(name_.data())) {}
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string write(const std::string& name, const std::string& bytes) const {
    const fs::path path = path_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::string name_ = (fs::temp_directory_path() / "zcrew-source-XXXXXX").string();
  fs::path path_;
};

std::vector<std::string> all(Source& source) {
  const net::Wakeup never;
  std::vector<std::string> payloads;
  for (std::string payload; source.next(payload, never);) payloads.push_back(payload);
  return payloads;
}

int exit_code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.exit_code();
  }
  return exit_code::ok;
}

TEST_CASE("every argument is a payload, the empty one too") {
  const auto source = from_arguments({"a", "", "b c"});
  CHECK(all(*source) == std::vector<std::string>{"a", "", "b c"});
  CHECK(source->share() == 1.0);
  CHECK(source->label(3) == "b c");
}

TEST_CASE("a line is a payload without its newline, whatever else is in it") {
  const Folder folder;
  using Lines = std::vector<std::string>;
  const auto lines = [&](const std::string& bytes) {
    return all(*from_lines(folder.write("lines", bytes)));
  };
  CHECK(lines("").empty());
  CHECK(lines("one\ntwo\n") == Lines{"one", "two"});
  CHECK(lines("one\ntwo") == Lines{"one", "two"});
  CHECK(lines("\n\nx\n") == Lines{"", "", "x"});
  CHECK(lines(std::string("a\0b\r\n", 5)) == Lines{std::string("a\0b\r", 4)});
}

TEST_CASE("lines of any length come whole, also where the buffer ends") {
  const Folder folder;
  std::vector<std::string> expected;
  std::string bytes;
  for (std::size_t length = 1; length < 3000000; length = length * 3 + 1) {
    expected.emplace_back(length, static_cast<char>('a' + length % 26));
    bytes += expected.back() + '\n';
  }
  CHECK(all(*from_lines(folder.write("lines", bytes))) == expected);
}

TEST_CASE("reading ends when it is told to, and makes no payload of half a line") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  REQUIRE(write(ends[1], "one\nhalf", 8) == 8);
  const auto source = from_lines("/dev/fd/" + std::to_string(ends[0]));
  net::Wakeup stop;
  std::string payload;
  CHECK(source->next(payload, stop));
  CHECK(payload == "one");
  stop.signal();
  CHECK_FALSE(source->next(payload, stop));
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a file's content is the payload, its path the label") {
  const Folder folder;
  const std::string one = folder.write("one", std::string("\0\n\xff", 3));
  const std::string two = folder.write("two", "");
  const auto source = from_files({one, two}, [](const SkippedFile&) {});
  CHECK(all(*source) == std::vector<std::string>{std::string("\0\n\xff", 3), ""});
  CHECK(source->label(2) == two);
}

TEST_CASE("a file that went away meanwhile is skipped and told, and labels still fit") {
  const Folder folder;
  const std::vector<std::string> paths{folder.write("a", "A"), folder.write("b", "B")};
  std::vector<std::string> skipped;
  const auto source =
      from_files(paths, [&](const SkippedFile& file) { skipped.push_back(file.path); });
  fs::remove(paths[0]);
  CHECK(all(*source) == std::vector<std::string>{"B"});
  CHECK(source->label(1) == paths[1]);
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].find(paths[0]) != std::string::npos);
}

TEST_CASE("paths that cannot be jobs are refused before anything is submitted") {
  const Folder folder;
  const auto ignore = [](const SkippedFile&) {};
  CHECK(exit_code_of([&] { from_files({folder.path()}, ignore); }) == exit_code::usage);
  CHECK(exit_code_of([&] { from_files({folder.path() + "/none"}, ignore); }) == exit_code::usage);
  CHECK(exit_code_of([&] { from_lines(folder.path() + "/none"); }) == exit_code::usage);
  CHECK(exit_code_of([&] { from_lines(folder.path()); }) == exit_code::usage);
}

}  // namespace
}  // namespace zcrew::tool
