#include "worker_program.h"

#include <algorithm>

#include "client_program.h"
#include "transcript.h"
#include "violation.h"
#include "wire/decode.h"
#include "world.h"

namespace zcrew::sim {
namespace {

// How long after a SIGKILL, and after the patience with a silent worker, its jobs are elsewhere.
constexpr Duration death_bar = Milliseconds{500};
constexpr Duration silence_margin = Milliseconds{500};
// What is said behind a WELCOME is there by then, and so what was said before it.
constexpr Duration said_by = std::chrono::seconds{1};

}  // namespace

void WorkerProgram::start() {
  Chance& chance = world_.chance();
  worker::SessionOptions options;
  options.instance = instance_ = chance.uuid();
  options.router = "the router";
  options.name = name();
  options.weight = 1 + chance.small(4);
  options.concurrency = chance.one_in(2) ? 0 : 1 + chance.small(8);
  options.queues = {"default"};
  for (unsigned i = 0; i < 3; ++i) {
    // The first worker serves everything, so that no queue is left alone.
    if (name() == "w1" || chance.one_in(2)) options.queues.push_back("q" + std::to_string(i));
  }
  options.seed = chance.below(1U << 30U);
  options.linger = chance.between({}, std::chrono::seconds{10});
  session_.emplace(options);
  greet(true);
  turn();
}

void WorkerProgram::stopped() {
  session_.reset();
  effects_.clear();
  waiting_.clear();
  running_.clear();
  hanging_.clear();
  abandoned_.clear();
  most_at_once_ = 0;
  stopping_ = false;
}

// Promise 6: a router that runs undisturbed has found out in time, and so given away its jobs. A
// message announced as large would be waited for longer.
void WorkerProgram::fell_silent(Instant last_word, bool closes,
                                const std::function<bool()>& still_silent) {
  const Options& options = world_.options();
  if (options.huge_one_in > 0 || world_.is_healing()) return;
  const core::Config& core = options.core;
  const Duration bar = closes ? death_bar : core.heartbeat * core.liveness + silence_margin;
  const Instant since = world_.schedule().now();
  const Instant by = last_word + bar + 2 * (options.latency + options.turn_time);
  world_.schedule().at(by, [this, since, instance = instance_, still_silent] {
    const RouterProcess& router = world_.router();
    if (!still_silent() || !router.is_awake() || router.undisturbed_since() > since) return;
    for (const core::WorkerReport& worker : router.core()->report().workers) {
      if (worker.instance == instance) violated(name() + " is dead or silent, and not missed");
    }
  });
}

void WorkerProgram::terminate() {
  if (!session_) return;
  stopping_ = true;
  session_->drain(world_.schedule().now(), effects_);
  turn();
}

void WorkerProgram::heal() {
  Program::heal();
  std::map<Token, worker::HeldJob*> hanging;
  hanging.swap(hanging_);
  for (const auto& [token, job] : hanging) {
    if (running_.count(token) != 0) finish(*job);  // the one before may have been all it waited for
  }
}

void WorkerProgram::connected() {
  session_->connected(world_.schedule().now(), effects_);
  turn();
}

void WorkerProgram::disconnected() {
  session_->disconnected(world_.schedule().now(), effects_);
  turn();
}

void WorkerProgram::received(const Frames& frames) {
  const Instant now = world_.schedule().now();
  if (frames.size() != 1) violated(name() + " got a message of several frames");
  const auto message = wire::decode_to_worker(frames[0]);
  if (!message) violated(name() + " cannot read: " + std::string(message.error().text));
  session_->receive(now, *message, effects_);
  turn();
}

void WorkerProgram::turn() {
  do {
    again_ = false;
    session_->turn(world_.schedule().now(), effects_);
    carry_out();
    if (session_->stopped()) {
      // What is unsettled dies with it.
      const bool goodbye = session_->unsettled() == 0;
      return end(goodbye, world_.chance().between({}, std::chrono::seconds{3}));
    }
  } while (again_);
  plan_turn(session_->deadline());
}

void WorkerProgram::carry_out() {
  std::swap(acting_, effects_);
  for (std::string& frame : acting_.frames) {
    if (!line) continue;
    Frames frames(1);  // a list in braces would copy it
    frames[0] = std::move(frame);
    world_.network().send(line, std::move(frames));
  }
  // WELCOME was received first; it may have been the word to go.
  for (const worker::Note& note : acting_.notes) {
    if (note.kind != worker::Note::Kind::connected) continue;
    record_up();
    greet(false);
    check_weight_soon();
  }
  if (acting_.close) close_line();
  if (acting_.open) line = world_.network().open(*this, core::Side::backend);
  for (worker::HeldJob* job : acting_.start) {
    world_.recorder().line(id(), "run", job->token, job->attempt, label_of(job->payload.view()));
    waiting_.push_back(job);
  }
  for (worker::HeldJob* job : acting_.abandoned) {
    if (running_.count(job->token) != 0) abandoned_.insert(job->token);  // it goes on
    if (take_waiting(*job)) session_->returned(*job);
  }
  check_credit();
  for (worker::HeldJob* job : acting_.give_back) {
    again_ = true;
    if (!take_waiting(*job)) continue;
    say(job->token, wire::Outcome::released);
    session_->returned(*job);
  }
  begin_jobs();
  acting_.clear();
}

// What came before its concurrency was lowered stays.
void WorkerProgram::check_credit() {
  most_at_once_ = std::max<std::size_t>(most_at_once_, session_->concurrency());
  const std::size_t credit = most_at_once_ + world_.options().core.prefetch_max;
  std::size_t held = waiting_.size() + running_.size();
  if (held <= credit) return;
  // The router counts neither what it took away nor what somebody else has been given since.
  const auto counts_not = [&](const Token& token) {
    return abandoned_.count(token) != 0 || world_.transcript().is_outdone(token);
  };
  for (const auto& [token, job] : running_) held -= counts_not(token) ? 1 : 0;
  for (const worker::HeldJob* job : waiting_) held -= counts_not(job->token) ? 1 : 0;
  if (held > credit) violated(name() + " holds more than its credit");
}

// Promise 7: whatever restarted, the router goes by the weight and places that its worker has,
// which a person may have set in an earlier life of the router.
void WorkerProgram::check_weight_soon() {
  const Instant since = world_.schedule().now();
  later(said_by, [this, since, on = line] {
    const RouterProcess& router = world_.router();
    const bool is_told =  // all that was said to it: a thin line takes long for a huge job
        line == on && line != nullptr && line->passes && line->down <= world_.schedule().now();
    const bool is_quiet = is_told && !stopping_ && router.is_awake() &&
                          router.undisturbed_since() < since && link.down_blocked < since &&
                          world_.weights_set_at() < since;
    if (!is_quiet) return;
    for (const core::WorkerReport& worker : router.core()->report().workers) {
      if (worker.instance != instance_) continue;
      const bool agrees = worker.weight == session_->weight() &&
                          std::max(worker.concurrency, 1U) == session_->concurrency();
      if (!agrees) violated(name() + " has another weight, or other places, than the router knows");
    }
  });
}

bool WorkerProgram::take_waiting(const worker::HeldJob& job) {
  return std::erase(waiting_, &job) != 0;
}

void WorkerProgram::begin_jobs() {
  while (!waiting_.empty() && running_.size() < session_->concurrency()) {
    worker::HeldJob& job = *waiting_.front();
    waiting_.pop_front();
    begin(job);
  }
}

void WorkerProgram::begin(worker::HeldJob& job) {
  Chance& chance = world_.chance();
  running_[job.token] = &job;
  if (!world_.is_healing() && chance.one_in(world_.options().hang_one_in)) {
    hanging_[job.token] = &job;
    return;
  }
  Duration length = chance.between({}, world_.options().job_time * 2);
  if (job.time_limit_ms != 0 && chance.one_in(3)) length += Milliseconds{600};
  later(length, [this, &job] { finish(job); });
}

wire::Outcome WorkerProgram::draw_outcome() {
  const Options& options = world_.options();
  std::uint64_t draw = world_.chance().below(100);
  if (draw < options.failed_percent) return wire::Outcome::failed;
  draw -= options.failed_percent;
  if (draw < options.rejected_percent) return wire::Outcome::rejected;
  draw -= options.rejected_percent;
  if (draw < options.released_percent) return wire::Outcome::released;
  return wire::Outcome::done;
}

std::string_view name_of(wire::Outcome outcome) {
  switch (outcome) {
    case wire::Outcome::done:
      return "done";
    case wire::Outcome::failed:
      return "failed";
    case wire::Outcome::rejected:
      return "rejected";
    case wire::Outcome::released:
      break;
  }
  return "released";
}

void WorkerProgram::say(const Token& token, wire::Outcome outcome) {
  world_.recorder().line(id(), "outcome", token, name_of(outcome));
}

void WorkerProgram::finish(worker::HeldJob& job) {
  if (running_.erase(job.token) == 0) return;
  job.outcome = draw_outcome();
  job.run_us = world_.chance().below(20000);
  const bool is_done = job.outcome == wire::Outcome::done;
  job.bytes = is_done ? right_result(job.payload.view()) : "no luck";
  say(job.token, job.outcome);
  session_->finished(job);
  turn();
}

}  // namespace zcrew::sim
