// Waits until one of several descriptors is readable (epoll), in any thread.
//
// The same descriptor may be in several Watches. What makes it readable then wakes one thread: one
// that waits on the Watch it was added to first, or, if nobody waits there, on the next. So a
// thread that waits for a message anyway takes it from the socket itself, and another that stands
// by for it sleeps on. (EPOLLEXCLUSIVE; the kernel asks in the order of adding and goes on where
// nobody waits.) Whoever was woken has to read until there is nothing left, or to wake somebody who
// does: nobody else will, since a thread that comes to another Watch later is not told of it.
//
// What a wait saw to be readable is remembered until somebody asks for it, so that nobody has to
// ask the kernel once more, at every turn, descriptor by descriptor.
//
// Needs Linux 5.11 (epoll_pwait2).
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace zcrew::net {

class Watch {
 public:
  // Throws zcrew::Error (74) if no descriptor is left.
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Where a descriptor stands among those of a Watch, which are at most 64.
  using Place = unsigned;

  // Throws zcrew::Error (74) if the system has no room for it. This and remove() by one thread at a
  // time; the others may be called meanwhile.
  Place add(int descriptor);
  // Before the descriptor is closed. Nobody is woken by it any more.
  void remove(int descriptor, Place place);

  // True if one is readable; false if the time is over or a signal came. Up to an hour.
  bool wait(Duration patience);

  // Whether a wait, also a past one or another thread's, has seen the descriptor readable since
  // this was asked last. Now and then that was one that had the place before.
  [[nodiscard]] bool take(Place place);

 private:
  int fd_;
  std::uint64_t taken_places_ = 0;
  std::atomic<std::uint64_t> seen_{0};
};

}  // namespace zcrew::net
