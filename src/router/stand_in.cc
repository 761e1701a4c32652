#include "router/stand_in.h"

#include <utility>

namespace zcrew::router {

StandIn::StandIn(Duties duties) : duties_(std::move(duties)), thread_([this] { serve(); }) {}

StandIn::~StandIn() {
  over_ = true;
  leave();
  duties_.wake();
  thread_.join();
}

void StandIn::leave() {
  away_ = true;
  away_.notify_one();
  mine_.unlock();
}

void StandIn::come_back() {
  away_ = false;
  mine_.lock();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void StandIn::serve() {
  while (!over_) {
    away_.wait(false);
    try {
      stand_in();
    } catch (...) {
      const std::lock_guard turn(turn_);
      thrown_ = std::current_exception();
      return;
    }
  }
}

// It ends when the first thread is back, though there may be more to hear: or it would take the
// turn again and again while that one waits for it.
void StandIn::stand_in() {
  duties_.take_post();
  do {
    duties_.wait(make_turn());
  } while (away_ && !over_);
  duties_.leave_post();
}

// The first one of a post is made even if nothing has woken this thread: what came before the post
// was taken does not.
Duration StandIn::make_turn() {
  const std::lock_guard turn(turn_);
  if (!away_ || over_ || thrown_) return Duration::zero();
  try {
    return duties_.turn();
  } catch (...) {  // here, where the first thread waits for the turn, and not behind it
    thrown_ = std::current_exception();
    return Duration::zero();
  }
}

}  // namespace zcrew::router
