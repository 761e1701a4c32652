#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "base/check.h"
#include "net/socket.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

constexpr std::size_t poll_items_max = 16;
constexpr Duration patience_max = std::chrono::hours{1};

}  // namespace

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0) {
    throw Error("no descriptor left for an eventfd: raise the limit of open files (ulimit -n)",
                exit_code::io_error);
  }
}

Wakeup::~Wakeup() { close(fd_); }

void Wakeup::signal() noexcept {
  const int kept = errno;  // this may run in a signal handler
  const std::uint64_t one = 1;
  // A full counter (EAGAIN) is a wake-up that is still waiting to be seen.
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
  errno = kept;
}

void Wakeup::drain() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
}

void poll(std::span<void* const> sockets, std::span<const int> descriptors, Duration patience) {
  ZCREW_CHECK(sockets.size() + descriptors.size() <= poll_items_max);
  std::array<zmq_pollitem_t, poll_items_max> items;
  std::size_t count = 0;
  for (void* socket : sockets) items[count++] = {socket, -1, ZMQ_POLLIN, 0};
  for (const int descriptor : descriptors) items[count++] = {nullptr, descriptor, ZMQ_POLLIN, 0};
  // Rounded up, since rounding down would spin through the last millisecond.
  const auto wait =
      std::chrono::ceil<Milliseconds>(std::clamp(patience, Duration::zero(), patience_max));
  const int rc = zmq_poll(items.data(), static_cast<int>(count), static_cast<long>(wait.count()));
  ZCREW_CHECK(rc >= 0 || errno == EINTR);
}

}  // namespace zcrew::net
