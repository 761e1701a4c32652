#include "net/door.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace zcrew::net {
namespace {

constexpr rlim_t margin_min = 32;
constexpr rlim_t margin_max = 1024;
constexpr int back_distance = 8;  // so much below the limit a shut door opens, lest it flap

// A queue that runs over makes those outside try again after a second, then three: two thousand
// workers that come back at once overran libzmq's own 100 and had everybody wait. Fewer where
// descriptors are few, since as many are kept spare; half of the largest margin.
constexpr rlim_t backlog_min = 8;
constexpr rlim_t backlog_max = 512;

rlim_t limit_of_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

int lowest_free_descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool is_tcp(int descriptor) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
         (domain == AF_INET || domain == AF_INET6);
}

}  // namespace

Door::~Door() {
  for (const int spare : spares_) ::close(spare);
}

int Door::backlog() {
  return static_cast<int>(std::clamp(limit_of_open_files() / 32, backlog_min, backlog_max));
}

void Door::hang(int listener) {
  if (!is_tcp(listener)) return;
  listener_ = listener;
  // Between libzmq's poll and its accept somebody may be turned away: it must not wait then.
  ::fcntl(listener, F_SETFL, ::fcntl(listener, F_GETFL) | O_NONBLOCK);
  keep_spares();
}

// One more than the kernel's queue holds, which is one more than the backlog.
void Door::keep_spares() {
  const auto wanted = static_cast<std::size_t>(backlog()) + 2;
  while (spares_.size() < wanted) {
    const int spare = lowest_free_descriptor();
    if (spare < 0) return;
    spares_.push_back(spare);
  }
}

int Door::descriptors_max() const {
  const rlim_t limit = limit_of_open_files();
  const rlim_t margin = std::clamp(limit / 8, margin_min, margin_max) * margins_;
  return limit > margin ? static_cast<int>(limit - margin) : 0;
}

void Door::accepted(int descriptor) {
  if (listener_ < 0 || shut_ || descriptor < descriptors_max()) return;
  std::array<sock_filter, 1> nothing{{{BPF_RET | BPF_K, 0, 0, 0}}};
  const sock_fprog program{nothing.size(), nothing.data()};
  shut_ = ::setsockopt(listener_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
  if (shut_) turn_away();
}

// Whoever waits in the kernel's queue would keep the I/O thread spinning if descriptors are out. It
// goes on accepting meanwhile, so that a descriptor given back may go to either of us.
void Door::turn_away() {
  for (;;) {
    const int guest = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (guest >= 0) {
      ::close(guest);
    } else if (errno == EMFILE && !spares_.empty()) {
      ::close(spares_.back());
      spares_.pop_back();
    } else {
      break;
    }
  }
  keep_spares();
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
