// Waits until one of several descriptors is readable (epoll), in any thread.
//
// The same descriptor may be in several Watches. What makes it readable then wakes one thread: one
// that waits on the Watch it was added to first, or, if nobody waits there, on the next. So a
// thread that waits for a message anyway takes it from the socket itself, and another that stands
// by for it sleeps on. (EPOLLEXCLUSIVE; the kernel asks in the order of adding and goes on where
// nobody waits.) Whoever was woken has to read until there is nothing left, or to wake somebody who
// does: nobody else will, since a thread that comes to another Watch later is not told of it.
//
// Needs Linux 5.11 (epoll_pwait2).
#pragma once

#include "base/time.h"

namespace zcrew::net {

class Watch {
 public:
  // Throws zcrew::Error (74) if no descriptor is left.
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Throws zcrew::Error (74) if the system has no room for it.
  void add(int descriptor);
  // Before the descriptor is closed. Nobody is woken by it any more.
  void remove(int descriptor);

  // True if one is readable; false if the time is over or a signal came. Up to an hour.
  bool wait(Duration patience);

 private:
  int fd_;
};

}  // namespace zcrew::net
