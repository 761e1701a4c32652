#include "worker/session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "wire/runs.h"

namespace zcrew::worker {
namespace {

// More than a router can give: what runs, what waits here, and what waits to be settled. What comes
// above is a router that does not count, and would not fit into a HELLO.
constexpr std::size_t jobs_max = 138000;
static_assert(jobs_max > limits::concurrency_max + limits::prefetch_max + limits::unsettled_max);

// Error texts above this are cut: routers keep less anyway.
constexpr std::size_t error_text_bytes = 4096;

// The first wait between two connections, and how often it may double.
constexpr Duration first_backoff = Milliseconds{20};
constexpr unsigned doublings_max = 12;

// A large message is announced, and moves the other side's deadline by its size at this rate.
constexpr std::uint64_t slowest_bytes_per_s = std::uint64_t{1} << 20U;
constexpr std::uint64_t coming_bytes_max = std::uint64_t{256} << 20U;

Duration transfer_time(std::uint64_t bytes) {
  return Duration{static_cast<Duration::rep>(std::min(bytes, coming_bytes_max) * 1000000 /
                                             slowest_bytes_per_s)};
}

std::uint64_t micros(Duration duration) {
  return duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 0;
}

template <typename Message>
void push_frame(const Message& message, Effects& effects) {
  std::string frame;
  wire::encode(message, frame);
  effects.frames.push_back(std::move(frame));
}

// Whether a new connection would say the same again, to the same answer.
bool is_refusal(wire::ErrorCode code) {
  return code == wire::ErrorCode::version_unsupported || code == wire::ErrorCode::wrong_socket ||
         code == wire::ErrorCode::bad_worker_option || code == wire::ErrorCode::bad_queue_name ||
         code == wire::ErrorCode::too_many_queues;
}

bool ends_session(wire::ErrorCode code) {
  return code == wire::ErrorCode::hello_first || code == wire::ErrorCode::declared_dead ||
         code == wire::ErrorCode::superseded || code == wire::ErrorCode::shutting_down;
}

}  // namespace

void Effects::clear() {
  frames.clear();
  close = false;
  open = false;
  start.clear();
  abandoned.clear();
  give_back.clear();
  notes.clear();
}

Session::Session(SessionOptions options)
    : options_(std::move(options)),
      prng_(options_.seed),
      result_bytes_max_(limits::payload_bytes_max),
      concurrency_(std::max(options_.concurrency == 0 ? options_.weight : options_.concurrency,
                            std::uint32_t{1})) {}

void Session::connected(Instant now, Effects& effects) {
  if (phase_ != Phase::connecting) return;
  phase_ = Phase::greeting;
  silent_at_ = now + liveness_time();
  send_hello(now, effects);
}

void Session::disconnected(Instant now, Effects& effects) {
  end_connection(now, Note::Kind::disconnected, "the connection was closed", effects);
}

void Session::receive(Instant now, const wire::ToWorker& message, Effects& effects) {
  if (phase_ != Phase::greeting && phase_ != Phase::serving) return;
  silent_at_ = std::max(silent_at_, now + liveness_time());
  if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&message)) {
    silent_at_ =
        std::max(silent_at_, now + liveness_time() + transfer_time(heartbeat->coming_bytes));
  } else if (const auto* hello = std::get_if<wire::WorkerWelcome>(&message)) {
    welcome(now, *hello, effects);
  } else if (const auto* error = std::get_if<wire::Error>(&message)) {
    heed(now, *error, effects);
  } else if (std::holds_alternative<wire::Bye>(message)) {
    end_connection(now, Note::Kind::disconnected, "it is shutting down", effects);
  } else if (phase_ == Phase::serving) {
    if (const auto* jobs = std::get_if<wire::RunMessage>(&message)) {
      run(now, *jobs, effects);
    } else if (const auto* settled = std::get_if<wire::SettledMessage>(&message)) {
      settle(*settled, effects);
    } else if (const auto* recall = std::get_if<wire::Recall>(&message)) {
      give_back(*recall, effects);
    } else if (const auto* capacity = std::get_if<wire::Capacity>(&message)) {
      options_.weight = capacity->weight;
      if (options_.concurrency != 0) options_.concurrency = capacity->concurrency;
      concurrency_ = std::clamp(capacity->concurrency, std::uint32_t{1}, limits::concurrency_max);
    }
  }
}

void Session::malformed(Instant now, wire::ErrorCode code, std::string_view text,
                        Effects& effects) {
  if (phase_ != Phase::greeting && phase_ != Phase::serving) return;
  const auto kind = is_refusal(code) ? Note::Kind::refused : Note::Kind::disconnected;
  end_connection(now, kind,
                 "it sent a message this worker cannot read (" + std::string(text) +
                     "): check that both are of the same version",
                 effects);
}

void Session::finished(HeldJob& job) {
  ZCREW_CHECK(job.lent);
  job.lent = false;
  job.payload = {};
  if (job.unwanted) return pool_.release(job);
  if (job.outcome != wire::Outcome::done && job.bytes.size() > error_text_bytes) {
    job.bytes.resize(error_text_bytes);
  }
  --running_;
  report(job);
}

void Session::returned(HeldJob& job) {
  job.outcome = wire::Outcome::released;
  finished(job);
}

void Session::drain(Instant now, Effects& effects) {
  if (draining_ || phase_ == Phase::stopped) return;
  draining_ = true;
  last_turn_ = std::max(last_turn_, now);
  effects.give_back = held(true);
  effects.notes.push_back({Note::Kind::draining, "stopping: no new jobs, " +
                                                     std::to_string(running_) +
                                                     " held here to finish or to give back"});
}

void Session::set_linger(Instant now, Duration linger) {
  options_.linger = linger;
  if (settling_) settle_by_ = now + linger;
}

void Session::turn(Instant now, Effects& effects) {
  // While this process did not run, nothing could be read either: such time proves nothing.
  if (last_turn_ != Instant{} && now - last_turn_ > 2 * heartbeat_) {
    silent_at_ += now - last_turn_ - heartbeat_;
  }
  last_turn_ = now;
  if ((phase_ == Phase::greeting || phase_ == Phase::serving) && now >= silent_at_) {
    end_connection(now, Note::Kind::disconnected, "it said nothing for too long", effects);
  }
  if (phase_ == Phase::serving) {
    send_outcomes(now, effects);
    if (draining_ && !drain_said_) {
      push_frame(wire::Drain{}, effects);
      drain_said_ = true;
      last_sent_ = now;
    }
  }
  if (draining_) advance_drain(now, effects);
  // Before WELCOME too: a router whose disk takes its time must not give us up meanwhile.
  if (phase_ == Phase::greeting || phase_ == Phase::serving) keep_alive(now, effects);
  if (phase_ == Phase::waiting && now >= connect_at_) {
    phase_ = Phase::connecting;
    effects.open = true;
  }
}

Instant Session::deadline() const {
  if (phase_ == Phase::stopped) return Instant::max();
  Instant next = last_turn_ + heartbeat_;  // at the latest, so that a stall shows
  if (phase_ == Phase::waiting) next = std::min(next, connect_at_);
  if (phase_ == Phase::greeting || phase_ == Phase::serving) {
    next = std::min({next, silent_at_, last_sent_ + heartbeat_});
  }
  if (settling_) next = std::min(next, settle_by_);
  return next;
}

void Session::welcome(Instant now, const wire::WorkerWelcome& message, Effects& effects) {
  if (phase_ != Phase::greeting) return;
  phase_ = Phase::serving;
  failures_ = 0;
  last_refusal_.clear();
  heartbeat_ = Milliseconds{std::clamp(message.heartbeat_ms, 1U, 3600000U)};
  liveness_ = std::clamp(message.liveness, 1U, 1000U);
  silent_at_ = now + liveness_time();
  concurrency_ = std::clamp(message.concurrency, std::uint32_t{1}, limits::concurrency_max);
  result_bytes_max_ =
      message.payload_bytes_max == 0 ? limits::payload_bytes_max : message.payload_bytes_max;
  for (const auto& queue : message.queues) {
    queue_names_[queue.number] = &*names_.emplace(queue.name).first;
  }
  for (const Token& token : message.abandon) drop(token, effects);
  for (HeldJob* job : held(false)) report(*job);
  effects.notes.push_back(
      {Note::Kind::connected, "connected to the router at " + options_.router + ", running up to " +
                                  std::to_string(concurrency_) +
                                  (concurrency_ == 1 ? " job" : " jobs") + " at once"});
}

void Session::run(Instant now, const wire::RunMessage& message, Effects& effects) {
  PayloadCopies copies;
  for (const wire::RunItem& item : message.entries) {
    if (jobs_.size() >= jobs_max) {
      // The next HELLO says which of them are here, and the router gives out the others again.
      return end_connection(now, Note::Kind::disconnected,
                            "it sent more jobs than a worker can hold", effects);
    }
    if (jobs_.find(item.token) != nullptr) continue;
    HeldJob& job = hold(now, item);
    if (draining_) {
      job.outcome = wire::Outcome::released;
      report(job);
    } else {
      job.payload = copies.copy_of(item.payload);
      lend(job, effects);
    }
  }
}

void Session::settle(const wire::SettledMessage& message, Effects& effects) {
  for (const wire::TokenRun& run : message.entries) {
    for (std::uint32_t i = 0; i < run.count; ++i) drop(wire::behind(run.first, i), effects);
  }
}

// Which of them have begun, only those who run them know.
void Session::give_back(const wire::Recall& message, Effects& effects) {
  for (const Token& token : message.tokens) {
    HeldJob* const job = jobs_.find(token);
    if (job != nullptr && job->lent) effects.give_back.push_back(job);
  }
}

void Session::heed(Instant now, const wire::Error& error, Effects& effects) {
  const std::string text(error.text.empty() ? wire::name_of(error.code) : error.text);
  if (is_refusal(error.code)) {
    failures_ = doublings_max;
    end_connection(now, Note::Kind::refused, text, effects);
  } else if (ends_session(error.code)) {
    end_connection(now, Note::Kind::disconnected, text, effects);
  } else if (phase_ == Phase::greeting) {
    end_connection(now, Note::Kind::refused, text, effects);
  } else if (error.code != wire::ErrorCode::stale_token) {
    effects.notes.push_back(
        {Note::Kind::refused, "the router at " + options_.router + " complains: " + text});
  }
}

// The attempt is over for the router: settled, or given to somebody else.
void Session::drop(const Token& token, Effects& effects) {
  HeldJob* const job = jobs_.find(token);
  if (job == nullptr) return;
  jobs_.erase(*job);
  if (!job->lent) return pool_.release(*job);
  --running_;
  job->unwanted = true;
  effects.abandoned.push_back(job);
}

HeldJob& Session::hold(Instant now, const wire::RunItem& item) {
  HeldJob& job = pool_.acquire();
  job.token = item.token;
  job.attempt = item.attempt;
  job.time_limit_ms = item.time_limit_ms;
  job.received = now;
  jobs_.insert(job);
  return job;
}

void Session::lend(HeldJob& job, Effects& effects) {
  const auto queue = queue_names_.find(job.token.job.queue);
  if (queue != queue_names_.end()) job.queue = queue->second;
  job.lent = true;
  ++running_;
  effects.start.push_back(&job);
}

void Session::report(HeldJob& job) {
  job.unsent = true;
  outcomes_.push_back(&job);
}

void Session::send_hello(Instant now, Effects& effects) {
  const std::vector<Token> running = tokens(true);
  const std::vector<Token> done = tokens(false);
  wire::WorkerHello hello;
  hello.instance = options_.instance;
  hello.name = options_.name;
  hello.weight = draining_ ? 0 : options_.weight;
  hello.concurrency = options_.concurrency;
  hello.queues.assign(options_.queues.begin(), options_.queues.end());
  hello.held = running;
  hello.finished = done;
  hello.recalls = true;
  hello.connection = ++connections_;
  push_frame(hello, effects);
  last_sent_ = now;
  drain_said_ = false;
  outcomes_.clear();  // they follow after WELCOME
}

void Session::send_outcomes(Instant now, Effects& effects) {
  if (outcomes_.empty()) return;
  const std::size_t before = effects.frames.size();
  for (HeldJob* job : outcomes_) {
    if (std::exchange(job->unsent, false)) pack(now, *job, effects);
  }
  outcomes_.clear();
  messages_.finish(effects.frames);
  if (effects.frames.size() > before) last_sent_ = now;  // else all of them were taken away
}

void Session::pack(Instant now, const HeldJob& job, Effects& effects) {
  const bool too_large = job.bytes.size() > result_bytes_max_;
  std::string complaint;
  if (too_large) {
    complaint = "the result of " + std::to_string(job.bytes.size()) +
                " bytes is larger than the router takes (" + std::to_string(result_bytes_max_) +
                "): raise its --max-payload or make results smaller";
  }
  wire::OutcomeItem item;
  item.token = job.token;
  item.outcome = too_large ? wire::Outcome::rejected : job.outcome;
  item.run_us = job.run_us;
  item.held_us = micros(now - job.received);
  item.delay_ms = std::min(job.delay_ms, limits::delay_ms_max);
  item.bytes = too_large ? complaint : job.bytes;
  messages_.add(item, effects.frames);
}

void Session::keep_alive(Instant now, Effects& effects) {
  if (now < last_sent_ + heartbeat_) return;
  push_frame(wire::Heartbeat{}, effects);
  last_sent_ = now;
}

void Session::advance_drain(Instant now, Effects& effects) {
  if (running_ > 0) return;
  if (!settling_) {
    settling_ = true;
    settle_by_ = now + options_.linger;
  }
  if (jobs_.size() == 0 && phase_ == Phase::serving) {
    push_frame(wire::Bye{}, effects);
    effects.notes.push_back({Note::Kind::stopped, "stopped: the router has every outcome"});
    stop(effects);
  } else if (jobs_.size() == 0 && phase_ != Phase::greeting) {
    effects.notes.push_back({Note::Kind::stopped, "stopped: nothing is left to report"});
    stop(effects);
  } else if (now >= settle_by_) {
    effects.notes.push_back(
        {Note::Kind::stopped,
         "stopped without the router's word on " + std::to_string(jobs_.size()) +
             (jobs_.size() == 1 ? " outcome: its job" : " outcomes: their jobs") +
             " will run again elsewhere"});
    stop(effects);
  }
}

void Session::end_connection(Instant now, Note::Kind kind, const std::string& why,
                             Effects& effects) {
  if (phase_ == Phase::waiting || phase_ == Phase::stopped) return;
  const bool was_serving = phase_ == Phase::serving;
  phase_ = Phase::waiting;
  connect_at_ = now + next_backoff();
  effects.close = true;
  // The frames of this turn would only go to a closed connection; WELCOME brings them again.
  effects.frames.clear();
  outcomes_.clear();
  if (kind == Note::Kind::refused) {
    if (why == last_refusal_) return;
    last_refusal_ = why;
    effects.notes.push_back({kind, "the router at " + options_.router +
                                       " refuses this worker: " + why + ". Trying again"});
  } else if (was_serving) {
    effects.notes.push_back({kind, "lost the router at " + options_.router + ": " + why +
                                       ". Jobs go on, reconnecting"});
  }
}

void Session::stop(Effects& effects) {
  phase_ = Phase::stopped;
  effects.close = true;
}

Duration Session::next_backoff() {
  const Duration cap = std::max(first_backoff, liveness_time() / 3);
  const Duration ceiling = std::min(cap, first_backoff * (1 << failures_));
  failures_ = std::min(failures_ + 1, doublings_max);
  const auto half = static_cast<std::uint64_t>(ceiling.count()) / 2;
  return Duration{static_cast<Duration::rep>(half + prng_.below(half + 1))};
}

std::vector<HeldJob*> Session::held(bool lent) const {
  std::vector<HeldJob*> all;
  jobs_.for_each([&](HeldJob& job) {
    if (job.lent == lent) all.push_back(&job);
  });
  std::sort(all.begin(), all.end(),
            [](const HeldJob* a, const HeldJob* b) { return a->token < b->token; });
  return all;
}

std::vector<Token> Session::tokens(bool lent) const {
  std::vector<Token> all;
  for (const HeldJob* job : held(lent)) all.push_back(job->token);
  return all;
}

}  // namespace zcrew::worker
