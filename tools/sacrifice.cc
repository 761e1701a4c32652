#include "sacrifice.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string_view>

#include "zcrew/error.h"

namespace zcrew::tool {

namespace {

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) _exit(exit_code::io_error);
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string read_all(int fd) {
  std::string all;
  std::array<char, 4096> some{};
  while (true) {
    const ssize_t count = ::read(fd, some.data(), some.size());
    if (count > 0) all.append(some.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) return all;
  }
}

// Its death is expected: no core file, and no last words of a library or sanitizer.
[[noreturn]] void be_the_child(int out, const std::function<std::string()>& work) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  for (const int number : {SIGBUS, SIGSEGV, SIGABRT}) ::signal(number, SIG_DFL);
  try {
    write_all(out, work());
  } catch (const std::exception& error) {
    _exit(exit_code::io_error);
  }
  _exit(exit_code::ok);
}

std::string cause_of_death(int status) {
  if (WIFSIGNALED(status)) return strsignal(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return fmt::format("exit {}", WEXITSTATUS(status));
  return {};
}

}  // namespace

Sacrifice sacrifice(const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  const bool piped = ::pipe2(ends.data(), O_CLOEXEC) == 0;
  const pid_t child = piped ? ::fork() : -1;
  if (child < 0) {
    throw Error(
        fmt::format("cannot start a process: {}. Close some and try again.", std::strerror(errno)),
        exit_code::io_error);
  }
  if (child == 0) be_the_child(ends[1], work);
  ::close(ends[1]);
  Sacrifice result;
  result.told = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.died_of = cause_of_death(status);
  return result;
}

}  // namespace zcrew::tool
