#include "worker/program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "worker/descriptor.h"
#include "worker/exec_check.h"

namespace zcrew::worker {
namespace {

constexpr std::size_t head_bytes = 256;  // as far as the kernel reads a "#!" line

// The way the file stands in, if it cannot be executed.
std::optional<std::string> obstacle(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return errno == EACCES ? "its directory may not be searched: check the permissions"
                           : "there is no such file: check the path";
  }
  if (S_ISDIR(status.st_mode)) return "it is a directory: name a program in it";
  if (!S_ISREG(status.st_mode)) return "it is no regular file: name a program";
  if (access(path.c_str(), X_OK) != 0) return "it is not executable: chmod +x makes it so";
  return std::nullopt;
}

std::string read_head(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string head(head_bytes, '\0');
  const auto got = file.is_open() ? read(file.number(), head.data(), head.size()) : 0;
  head.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return head;
}

std::optional<std::string> interpreter_of(std::string_view head) {
  if (head.substr(0, 2) != "#!") return std::nullopt;
  head.remove_prefix(2);
  const auto start = head.find_first_not_of(" \t");
  if (start == std::string_view::npos) return std::nullopt;
  head.remove_prefix(start);
  return std::string(head.substr(0, head.find_first_of(" \t\n\r")));
}

std::string cannot_run(const std::string& name, const std::string& why) {
  return "cannot run '" + name + "': " + why;
}

// What a shell would run. Not by zero bytes alone: a third of all random heads has none.
bool is_text(std::string_view head) {
  constexpr std::string_view in_texts = "\t\n\v\f\r\b\x1b";
  return !head.empty() && std::none_of(head.begin(), head.end(), [&](char c) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    return is_control && in_texts.find(c) == std::string_view::npos;
  });
}

Result<Program, std::string> inspect(const std::vector<std::string>& argv,
                                     const std::string& path) {
  const std::string& name = argv[0];
  if (const auto why = obstacle(path)) return Unexpected{cannot_run(name, *why)};
  const std::string head = read_head(path);
  const auto interpreter = interpreter_of(head);
  if (interpreter && obstacle(*interpreter)) {
    return Unexpected{cannot_run(name, "its first line names '" + *interpreter +
                                           "', which is no program here: install it or correct "
                                           "that line")};
  }
  const bool is_plain_script = !interpreter && is_text(head);
  const int error = exec_error(path, argv);
  const bool fails = error == ENOEXEC ? !is_plain_script : error != 0 && !will_pass(error);
  if (fails) return Unexpected{cannot_run(name, explain_start(error))};
  return Program{path, is_plain_script};
}

}  // namespace

Result<Program, std::string> find_program(const std::vector<std::string>& argv) {
  if (argv.empty() || argv[0].empty()) {
    return Unexpected{std::string("no command to run: name one, for example: -- sha256sum")};
  }
  const std::string& name = argv[0];
  if (name.find('/') != std::string::npos) return inspect(argv, name);

  const char* const variable = std::getenv("PATH");
  std::string_view left = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  std::optional<std::string> near_miss;
  while (true) {
    const auto colon = left.find(':');
    const std::string_view folder = left.substr(0, colon);
    const std::string path = (folder.empty() ? "." : std::string(folder)) + "/" + name;
    if (!obstacle(path)) return inspect(argv, path);
    if (!near_miss && access(path.c_str(), F_OK) == 0) near_miss = path;
    if (colon == std::string_view::npos) break;
    left.remove_prefix(colon + 1);
  }
  if (near_miss) return inspect(argv, *near_miss);
  return Unexpected{cannot_run(
      name, "no folder of PATH has it: install it, correct the name, or give its full path")};
}

}  // namespace zcrew::worker
