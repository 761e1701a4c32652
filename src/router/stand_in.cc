#include "router/stand_in.h"

#include <utility>

namespace zcrew::router {

StandIn::StandIn(Duties duties, Duration patience)
    : duties_(std::move(duties)), patience_(patience), thread_([this] { serve(); }) {}

StandIn::~StandIn() {
  over_ = true;
  leave();
  duties_.wake();
  thread_.join();
}

void StandIn::leave() {
  away_.store(true);
  away_.notify_one();  // it may have been woken while nobody was away
  mine_.unlock();
}

// The other one stops in front of its next turn, so that it does not take the turn again and again
// while this one waits for it.
void StandIn::come_back() {
  away_.store(false);
  mine_.lock();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

// Woken in vain it does not wait for messages again before somebody is away: the kernel would wake
// it for each one that comes while the other thread is at work.
void StandIn::serve() {
  Duration patience = patience_;
  while (!over_) {
    duties_.wait(patience);
    away_.wait(false);
    patience = patience_;
    const std::lock_guard turn(turn_);
    if (!away_ || over_ || thrown_) continue;
    try {
      patience = duties_.turn();
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }
}

}  // namespace zcrew::router
