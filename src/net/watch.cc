#include "net/watch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>

#include "base/check.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

constexpr Duration watch_max = std::chrono::hours{1};

}  // namespace

Watch::Watch() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) {
    throw Error("no descriptor left for an epoll: raise the limit of open files (ulimit -n)",
                exit_code::io_error);
  }
}

Watch::~Watch() { close(fd_); }

void Watch::add(int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  if (epoll_ctl(fd_, EPOLL_CTL_ADD, descriptor, &event) == 0) return;
  ZCREW_CHECK(errno == ENOSPC || errno == ENOMEM);
  throw Error("no room to watch a descriptor: raise fs.epoll.max_user_watches, or free memory",
              exit_code::io_error);
}

void Watch::remove(int descriptor) {
  ZCREW_CHECK(epoll_ctl(fd_, EPOLL_CTL_DEL, descriptor, nullptr) == 0);
}

bool Watch::wait(Duration patience) {
  const auto wait = std::chrono::nanoseconds{std::clamp(patience, Duration::zero(), watch_max)};
  const auto whole = std::chrono::floor<std::chrono::seconds>(wait);
  const timespec timeout{static_cast<std::time_t>(whole.count()),
                         static_cast<long>((wait - whole).count())};
  epoll_event event{};
  const int rc = epoll_pwait2(fd_, &event, 1, &timeout, nullptr);
  ZCREW_CHECK(rc >= 0 || errno == EINTR);
  return rc > 0;
}

}  // namespace zcrew::net
