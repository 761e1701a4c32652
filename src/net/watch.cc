#include "net/watch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <ctime>

#include "base/check.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

constexpr Duration watch_max = std::chrono::hours{1};
constexpr Watch::Place places_max = 64;
// What is readable beyond these is seen by the next wait.
constexpr int events_max = 8;

std::uint64_t bit(Watch::Place place) { return std::uint64_t{1} << place; }

}  // namespace

Watch::Watch() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) {
    throw Error("no descriptor left for an epoll: raise the limit of open files (ulimit -n)",
                exit_code::io_error);
  }
}

Watch::~Watch() { close(fd_); }

Watch::Place Watch::add(int descriptor) {
  const auto place = static_cast<Place>(std::countr_one(taken_places_));
  ZCREW_CHECK(place < places_max);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  event.data.u32 = place;
  if (epoll_ctl(fd_, EPOLL_CTL_ADD, descriptor, &event) == 0) {
    taken_places_ |= bit(place);
    return place;
  }
  ZCREW_CHECK(errno == ENOSPC || errno == ENOMEM);
  throw Error("no room to watch a descriptor: raise fs.epoll.max_user_watches, or free memory",
              exit_code::io_error);
}

void Watch::remove(int descriptor, Place place) {
  ZCREW_CHECK(epoll_ctl(fd_, EPOLL_CTL_DEL, descriptor, nullptr) == 0);
  taken_places_ &= ~bit(place);
}

bool Watch::wait(Duration patience) {
  const auto wait = std::chrono::nanoseconds{std::clamp(patience, Duration::zero(), watch_max)};
  const auto whole = std::chrono::floor<std::chrono::seconds>(wait);
  const timespec timeout{static_cast<std::time_t>(whole.count()),
                         static_cast<long>((wait - whole).count())};
  std::array<epoll_event, events_max> events;
  const int rc = epoll_pwait2(fd_, events.data(), events_max, &timeout, nullptr);
  ZCREW_CHECK(rc >= 0 || errno == EINTR);
  std::uint64_t seen = 0;
  for (int i = 0; i < rc; ++i) seen |= bit(events[static_cast<std::size_t>(i)].data.u32);
  if (seen != 0) seen_.fetch_or(seen, std::memory_order_release);
  return rc > 0;
}

bool Watch::take(Place place) {
  if ((seen_.load(std::memory_order_relaxed) & bit(place)) == 0) return false;
  return (seen_.fetch_and(~bit(place), std::memory_order_acquire) & bit(place)) != 0;
}

}  // namespace zcrew::net
