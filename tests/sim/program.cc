#include "program.h"

#include <algorithm>

#include "world.h"

namespace zcrew::sim {

Program::Program(std::string name, World& world)
    : world_(world), schedule_(world.schedule()), name_(std::move(name)) {}

void Program::begin() {
  if (runs_) return;
  runs_ = true;
  arrived_by_ = {};
  id_ = ++births_ == 1 ? name_ : name_ + "/" + std::to_string(births_);
  if (blocked_) world_.recorder().line(id_, "mute");
  start();
}

// One that is away already stays away for so long.
void Program::end(bool goodbye, Duration away) {
  ++life_;
  if (runs_) {
    runs_ = false;
    frozen_ = greeting_ = false;
    waiting_.clear();
    turn_at_ = planned_ = Instant::max();
    if (!goodbye) world_.recorder().line(id_, "died");
    const Line last = line;
    close_line();
    const bool closes =
        last && last->passes && last->welcomed && link.up_blocked <= schedule_.now();
    if (!goodbye) fell_silent(last_word(last), closes, [] { return true; });
    stopped();
  }
  schedule_.after(away, [this, life = life_] {
    if (life == life_) begin();
  });
}

void Program::kill(Duration away) { end(false, away); }

void Program::close_line() {
  if (!line) return;
  arrived_by_ = std::max(arrived_by_, line->up);
  world_.network().close(std::exchange(line, nullptr));
}

void Program::record_up() {
  if (!line || !line->passes) return;
  line->welcomed = true;
  world_.recorder().line(id(), "up");
}

void Program::freeze(Duration length) {
  if (!runs_ || frozen_) return;
  set_silence(frozen_, true);
  schedule_.after(length, [this, life = life_, number = ++thaw_number_] {
    if (life == life_ && number == thaw_number_) thaw();
  });
}

// Healing lifts it for what is sent from then on; what is under way still arrives no earlier, and
// what is sent behind that on the same connection after it.
void Program::block(Instant until) {
  blocked_until_ = std::max(blocked_until_, until);
  link.up_blocked = blocked_until_;
  set_silence(blocked_, true);
  schedule_.at(blocked_until_, [this] {
    if (blocked_ && schedule_.now() >= blocked_until_) set_silence(blocked_, false);
  });
}

void Program::greet(bool waits) {
  if (greeting_ != waits) set_silence(greeting_, waits);
}

// Reasons may overlap: it is heard when none is left.
void Program::set_silence(bool& reason, bool silent) {
  const bool was_silent = frozen_ || blocked_ || greeting_;
  reason = silent;
  const bool is_silent = frozen_ || blocked_ || greeting_;
  if (was_silent != is_silent) world_.recorder().line(id_, is_silent ? "mute" : "heard");
  ++silences_;
  if (!runs_ || (!frozen_ && !blocked_)) return;
  fell_silent(last_word(line), false, [this, life = life_, number = silences_] {
    return life == life_ && number == silences_;
  });
}

// What is under way arrives, on connections that it has closed too.
Instant Program::last_word(Line of) const {
  const Instant arrives = of ? std::max(of->up, arrived_by_) : arrived_by_;
  return std::max(arrives, schedule_.now());
}

void Program::thaw() {
  if (!frozen_) return;
  set_silence(frozen_, false);
  std::deque<std::function<void()>> waiting;
  waiting.swap(waiting_);
  const unsigned life = life_;
  for (const auto& action : waiting) {
    if (life != life_) return;
    action();
  }
  if (life == life_) turn();
}

void Program::heal() {
  ++silences_;  // what is said from now on passes
  thaw();
  begin();
}

void Program::plan_turn(Instant at) {
  if (at >= turn_at_ || at == Instant::max()) return;
  turn_at_ = at;
  if (at == planned_) return;  // and not come yet: turns in between do not take it back
  if (at > schedule_.now()) planned_ = at;
  schedule_.at(at, [this, life = life_, at] {
    if (life != life_) return;
    if (planned_ == at) planned_ = Instant::max();
    if (turn_at_ != at) return;
    turn_at_ = Instant::max();
    if (!frozen_) turn();  // a stopped one has its turn when it goes on
  });
}

void Program::hear_connected(Line from) {
  when_awake([this, from] {
    if (line == from) connected();
  });
}

void Program::hear_cut(Line from) {
  when_awake([this, from] {
    if (line != from) return;
    line = nullptr;
    disconnected();
  });
}

void Program::hear(Line from, Frames frames) {
  if (!frozen_) {
    if (line == from) received(frames);
    return;
  }
  waiting_.emplace_back([this, from, frames = std::move(frames)] {
    if (line == from) received(frames);
  });
}

}  // namespace zcrew::sim
