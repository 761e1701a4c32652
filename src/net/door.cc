#include "net/door.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace zcrew::net {
namespace {

constexpr rlim_t margin_min = 32;
constexpr rlim_t margin_max = 1024;
constexpr int back_distance = 8;  // so much below the limit a shut door opens, lest it flap

int lowest_free_descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool is_tcp(int descriptor) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
         (domain == AF_INET || domain == AF_INET6);
}

}  // namespace

Door::~Door() {
  if (spare_ >= 0) ::close(spare_);
}

void Door::hang(int listener) {
  if (!is_tcp(listener)) return;
  listener_ = listener;
  // Between libzmq's poll and its accept somebody may be turned away: it must not wait then.
  ::fcntl(listener, F_SETFL, ::fcntl(listener, F_GETFL) | O_NONBLOCK);
  if (spare_ < 0) spare_ = lowest_free_descriptor();
}

int Door::descriptors_max() const {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t margin = std::clamp(limit.rlim_cur / 8, margin_min, margin_max) * margins_;
  return limit.rlim_cur > margin ? static_cast<int>(limit.rlim_cur - margin) : 0;
}

void Door::accepted(int descriptor) {
  if (listener_ < 0 || shut_ || descriptor < descriptors_max()) return;
  std::array<sock_filter, 1> nothing{{{BPF_RET | BPF_K, 0, 0, 0}}};
  const sock_fprog program{nothing.size(), nothing.data()};
  shut_ = ::setsockopt(listener_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
  if (shut_) turn_away();
}

// Whoever waits in the kernel's queue would keep the I/O thread spinning if descriptors are out. It
// goes on accepting meanwhile, so the last descriptor may go to either of us; look() tries again.
void Door::turn_away() {
  for (;;) {
    if (spare_ >= 0) ::close(spare_);
    spare_ = -1;
    const int guest = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (guest < 0) break;
    ::close(guest);
  }
  spare_ = lowest_free_descriptor();
}

void Door::look() {
  if (!shut_) return;
  turn_away();
  const int free = lowest_free_descriptor();
  if (free >= 0) ::close(free);
  if (free < 0 || free >= descriptors_max() - back_distance) return;
  int ignored = 0;
  shut_ = ::setsockopt(listener_, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored) != 0;
}

}  // namespace zcrew::net
