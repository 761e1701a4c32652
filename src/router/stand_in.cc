#include "router/stand_in.h"

#include <utility>

namespace zcrew::router {

StandIn::StandIn(Duties duties) : duties_(std::move(duties)), thread_([this] { serve(); }) {}

StandIn::~StandIn() {
  over_ = true;
  move();
  mine_.unlock();
  duties_.wake();
  thread_.join();
}

// On its post it may wait for longer than there is time now.
void StandIn::leave(Instant until) {
  if (until < waits_until_.load()) duties_.wake();
  move();
  mine_.unlock();
}

void StandIn::come_back() {
  move();
  mine_.lock();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void StandIn::move() {
  ++moves_;
  moves_.notify_one();
}

void StandIn::serve() {
  for (;;) {
    const std::uint32_t moves = moves_;  // before over_ is looked at, which is set before it moves
    if (over_) return;
    if (!is_away() || !stand_in()) moves_.wait(moves);
  }
}

// It ends when the first thread is back, though there may be more to hear: or it would take the
// turn again and again while that one waits for it. Its first turn is made even if nothing has
// woken this thread: what came before the post was taken does not. False if there is nothing to do
// for the rest of this absence.
bool StandIn::stand_in() {
  if (!duties_.take_post()) return false;
  std::optional<Instant> until;
  do {
    until = make_turn();
    if (until) duties_.wait(*until);
  } while (until && is_away());
  waits_until_ = Instant{};
  duties_.leave_post();
  return until.has_value();
}

std::optional<Instant> StandIn::make_turn() {
  const std::lock_guard turn(turn_);
  if (!is_away()) return Instant{};
  if (thrown_) return std::nullopt;
  try {
    const std::optional<Instant> until = duties_.turn();
    waits_until_ = until.value_or(Instant{});
    return until;
  } catch (...) {  // here, where the first thread waits for the turn, and not behind it
    thrown_ = std::current_exception();
    return std::nullopt;
  }
}

}  // namespace zcrew::router
