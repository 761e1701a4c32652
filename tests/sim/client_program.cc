#include "client_program.h"

#include <algorithm>

#include "ledger.h"
#include "simulation.h"

namespace zcrew::sim {
namespace {

constexpr Duration reconnect_max = Milliseconds{300};
constexpr std::size_t outstanding_max = 400;  // results a client waits for before it pauses
constexpr std::uint64_t batches_in_flight = 8;

}  // namespace

std::string right_result(std::string_view label) { return "result of " + std::string(label); }

bool ClientProgram::Batch::confirmed() const {
  return std::all_of(jobs.begin(), jobs.end(), [](const Sent& job) { return job.confirmed; });
}

bool ClientProgram::Batch::over() const {
  return wants_result
             ? std::all_of(jobs.begin(), jobs.end(), [](const Sent& job) { return job.ended; })
             : confirmed();
}

void ClientProgram::start() {
  for (std::uint8_t& byte : session_.bytes) {
    byte = static_cast<std::uint8_t>(sim_.chance().below(256));
  }
  batches_.clear();
  next_ = 1;
  reconnect();
  submit_sometimes();
}

std::string ClientProgram::waits_for() const {
  std::string text;
  for (const auto& [number, batch] : batches_) {
    for (const Sent& job : batch.jobs) {
      if (job.ended || (job.confirmed && !batch.wants_result)) continue;
      text += " " + std::to_string(number) + ":" + job.label;
      if (job.confirmed) text += "=" + to_text(job.id);
    }
  }
  return text;
}

void ClientProgram::lost() { reconnect(); }

void ClientProgram::reconnect() {
  welcome_ = false;
  waits_ = false;
  later(sim_.chance().between(Duration{1}, reconnect_max), [this] { connect(); });
}

void ClientProgram::connect() {
  if (line) return;
  line = sim_.connect(*this, core::Side::frontend);
  if (!line) return reconnect();
  heard_ = sim_.schedule().now();
  auto texts = std::make_shared<Texts>();
  wire::ClientHello hello;
  hello.session = session_;
  hello.floor = floor();
  hello.name = texts->keep(name());
  sim_.send(line, {wire::FrontendMessage{hello}, texts});
  later_on_line(sim_.options().core.heartbeat, [this] { beat(); });
}

void ClientProgram::beat() {
  const core::Config& config = sim_.options().core;
  if (sim_.schedule().now() - heard_ > config.heartbeat * config.liveness) {
    sim_.disconnect(*this);
    return;
  }
  sim_.send(line, {wire::FrontendMessage{wire::Heartbeat{}}, nullptr});
  later_on_line(config.heartbeat, [this] { beat(); });
}

std::uint64_t ClientProgram::floor() const {
  for (const auto& [number, batch] : batches_) {
    if (!batch.confirmed()) return number;
  }
  return next_;
}

bool ClientProgram::window_full(const Batch& next) const {
  std::size_t jobs = next.jobs.size();
  std::size_t bytes = 0;
  std::size_t waiting = 0;
  for (const Sent& job : next.jobs) bytes += job.payload.size();
  for (const auto& [number, batch] : batches_) {
    for (const Sent& job : batch.jobs) {
      if (!job.ended) ++waiting;
      if (job.confirmed) continue;
      ++jobs;
      bytes += job.payload.size();
    }
  }
  return jobs > window_jobs_ || bytes > window_bytes_ || waiting > outstanding_max;
}

void ClientProgram::submit_sometimes() {
  later(sim_.chance().between(Duration{1}, sim_.options().submit_every * 2), [this] {
    if (sim_.healing()) return;
    if (welcome_) make_batch();
    submit_sometimes();
  });
}

void ClientProgram::fill(Batch& batch) {
  Chance& chance = sim_.chance();
  const Options& options = sim_.options();
  const std::uint64_t queue = chance.below(5);
  batch.queue = queue < 2 ? "default" : "q" + std::to_string(queue - 2);
  batch.priority = chance.one_in(3) ? static_cast<Priority>(chance.below(10)) : Priority{5};
  if (chance.percent(options.delay_percent)) batch.delay_ms = 1 + chance.below(3000);
  if (chance.percent(options.expires_percent)) batch.expires_ms = 1 + chance.below(2000);
  if (chance.percent(options.limit_percent)) batch.time_limit_ms = 100 + chance.below(400);
  batch.attempts = static_cast<std::uint32_t>(chance.below(5));
  batch.wants_result = chance.percent(options.result_percent);
  const std::uint64_t count = chance.one_in(4) ? 1 + chance.below(12) : 1 + chance.below(2);
  for (std::uint64_t i = 0; i < count; ++i) {
    Sent job;
    job.label = sim_.next_label(name());
    job.payload = job.label + ":";
    if (chance.percent(options.large_percent)) job.payload.resize(1000 + chance.below(3000), '.');
    batch.jobs.push_back(std::move(job));
  }
}

void ClientProgram::make_batch() {
  Batch batch;
  fill(batch);
  if (window_full(batch)) return;
  batches_[next_++] = std::move(batch);
  send_ready();
}

void ClientProgram::send_batch(std::uint64_t number) {
  const Batch& batch = batches_.at(number);
  auto texts = std::make_shared<Texts>();
  wire::Submit submit;
  submit.batch = number;
  submit.floor = floor();
  wire::SubmitGroup group;
  group.options.queue = texts->keep(batch.queue);
  group.options.priority = batch.priority;
  group.options.delay_ms = batch.delay_ms;
  group.options.attempts = batch.attempts;
  group.options.backoff_ms = 50;
  group.options.time_limit_ms = batch.time_limit_ms;
  group.options.expires_ms = batch.expires_ms;
  group.options.result = batch.wants_result ? wire::ResultMode::caller : wire::ResultMode::none;
  for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
    if (batch.jobs[i].confirmed) continue;
    group.items.push_back({static_cast<std::uint32_t>(i), texts->keep(batch.jobs[i].payload), {}});
  }
  submit.groups.push_back(std::move(group));
  sim_.send(line, {wire::FrontendMessage{std::move(submit)}, texts});
}

void ClientProgram::send_ready() {
  if (!welcome_ || waits_) return;
  const std::uint64_t end = std::min(next_, floor() + batches_in_flight);
  for (; to_send_ < end; ++to_send_) {
    const auto found = batches_.find(to_send_);
    if (found != batches_.end() && !found->second.confirmed()) send_batch(to_send_);
  }
}

void ClientProgram::go_back_to(std::uint64_t number, Duration wait) {
  to_send_ = std::min(to_send_, number);
  if (waits_) return;
  waits_ = true;
  later_on_line(wait, [this] {
    waits_ = false;
    send_ready();
  });
}

void ClientProgram::ask() {
  wire::Ask ask;
  for (const auto& [number, batch] : batches_) {
    for (const Sent& job : batch.jobs) {
      if (batch.wants_result && job.confirmed && !job.ended) ask.jobs.push_back(job.id);
    }
  }
  if (!ask.jobs.empty()) sim_.send(line, {wire::FrontendMessage{std::move(ask)}, nullptr});
}

void ClientProgram::received(const core::Message& message) {
  heard_ = sim_.schedule().now();
  std::visit([this](const auto& m) { on(m); }, message);
}

void ClientProgram::on(const wire::ClientWelcome& welcome) {
  if (welcome.last_batch >= next_) sim_.ledger().violated(name() + " never sent that many batches");
  if (welcome.last_batch + 1 < floor()) sim_.ledger().violated(name() + "'s floor is ignored");
  window_jobs_ = welcome.window_jobs;
  window_bytes_ = welcome.window_bytes;
  welcome_ = true;
  to_send_ = floor();
  send_ready();
  ask();
}

void ClientProgram::confirmed(const Batch& batch, Sent& job, const JobId& id) {
  if (job.confirmed && job.id != id) {
    sim_.ledger().violated(job.label + " was confirmed as another job before");
  }
  job.confirmed = true;
  job.id = id;
  sim_.ledger().saw_confirm(job.label, id, batch.expires_ms != 0);
}

void ClientProgram::on(const wire::Confirm& confirm) {
  const auto found = batches_.find(confirm.batch);
  if (found == batches_.end()) return;
  Batch& batch = found->second;
  if (confirm.index + confirm.count > batch.jobs.size()) {
    sim_.ledger().violated(name() + " got a confirm for jobs it never sent");
  }
  JobId id = confirm.first;
  for (std::uint32_t i = 0; i < confirm.count; ++i, ++id.sequence) {
    confirmed(batch, batch.jobs[confirm.index + i], id);
  }
  if (batch.over()) batches_.erase(found);
  send_ready();
}

void ClientProgram::on(const wire::JobResult& result) {
  wire::Acknowledge acknowledge;
  acknowledge.jobs.push_back(result.job);
  sim_.send(line, {wire::FrontendMessage{std::move(acknowledge)}, nullptr});
  for (auto it = batches_.begin(); it != batches_.end(); ++it) {
    Batch& batch = it->second;
    for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
      Sent& job = batch.jobs[i];
      const bool by_place = result.batch == it->first && result.index == i;
      if (!by_place && !(job.confirmed && job.id == result.job)) continue;
      if (result.end == wire::End::done && result.bytes != right_result(job.label)) {
        sim_.ledger().violated(job.label + " got the result \"" + std::string(result.bytes) + "\"");
      }
      if (by_place) confirmed(batch, job, result.job);
      job.ended = true;
      if (batch.over()) batches_.erase(it);
      return send_ready();
    }
  }
}

void ClientProgram::on(const wire::Refused& refused) {
  if (batches_.count(refused.batch) == 0) return;  // nonsense of the simulator's own
  switch (refused.code) {
    case wire::ErrorCode::out_of_order:
      // The batch it wants has ended and left no trace on its disk: HELLO tells it so.
      if (refused.last_batch + 1 < floor()) return sim_.disconnect(*this);
      return go_back_to(refused.last_batch + 1, Milliseconds{5});
    case wire::ErrorCode::session_unknown:
      return sim_.disconnect(*this);
    case wire::ErrorCode::window_exceeded:
    case wire::ErrorCode::queue_full:
    case wire::ErrorCode::journal_full:
      return go_back_to(
          refused.batch,
          std::max<Duration>(Milliseconds{static_cast<std::int64_t>(refused.retry_after_ms)},
                             Milliseconds{20}));
    default:
      sim_.ledger().violated(name() + " was refused: " + std::string(refused.text));
  }
}

}  // namespace zcrew::sim
