#include "net/alarm.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <ctime>

#include "base/check.h"
#include "zcrew/error.h"

namespace zcrew::net {

Alarm::Alarm() : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (fd_ < 0) {
    throw Error("no descriptor left for a timerfd: raise the limit of open files (ulimit -n)",
                exit_code::io_error);
  }
}

Alarm::~Alarm() { close(fd_); }

// Said before it is so: that it is set is never true for longer than until the next drain() behind
// its time.
void Alarm::set(Duration after) noexcept {
  const auto whole = std::chrono::floor<std::chrono::seconds>(after);
  itimerspec time{};
  time.it_value.tv_sec = static_cast<std::time_t>(whole.count());
  time.it_value.tv_nsec = static_cast<long>(std::chrono::nanoseconds{after - whole}.count());
  set_.store(true, std::memory_order_relaxed);
  ZCREW_CHECK(timerfd_settime(fd_, 0, &time, nullptr) == 0);
}

void Alarm::drain() noexcept {
  std::uint64_t count = 0;
  if (read(fd_, &count, sizeof count) > 0) set_.store(false, std::memory_order_relaxed);
}

}  // namespace zcrew::net
