#include "input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace zcrew::tool {

Input::Input(const std::string& path)
    : name_(path == "-" ? "standard input" : path),
      fd_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
      owned_(path != "-") {
  if (fd_ < 0) fail();
}

void Input::fail() const {
  throw std::system_error(errno, std::generic_category(), "cannot read " + name_);
}

Input::~Input() {
  if (owned_) ::close(fd_);
}

std::optional<std::size_t> Input::read(char* to, std::size_t bytes_max, const net::Wakeup& stop) {
  while (true) {
    std::array<pollfd, 2> waits{{{stop.fd(), POLLIN, 0}, {fd_, POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) fail();
    if (waits[0].revents != 0) return std::nullopt;
    if (waits[1].revents == 0) continue;
    const ssize_t count = ::read(fd_, to, bytes_max);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) fail();
  }
}

std::size_t Input::size_hint() const {
  struct stat facts {};
  const bool regular = ::fstat(fd_, &facts) == 0 && S_ISREG(facts.st_mode);
  return regular ? static_cast<std::size_t>(facts.st_size) : 0;
}

}  // namespace zcrew::tool
