#include "client_program.h"

#include <algorithm>

#include "transcript.h"
#include "violation.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "world.h"

namespace zcrew::sim {
namespace {

// Jobs a user leaves unanswered before it waits; keeps what there is to judge small.
constexpr std::size_t outstanding_max = 300;

std::string_view name_of(wire::End end) {
  switch (end) {
    case wire::End::done:
      return "done";
    case wire::End::dead:
      return "dead";
    case wire::End::cancelled:
      return "cancelled";
    case wire::End::expired:
      return "expired";
    case wire::End::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

std::string right_result(std::string_view payload) {
  constexpr std::size_t result_max = 5000;  // some are above what is stored inline
  return "result of " + std::string(payload.substr(0, result_max));
}

void ClientProgram::start() {
  leaving_ = false;
  session_.emplace(
      client::SessionConfig{world_.chance().uuid(), name(), world_.chance().below(1U << 30U)},
      world_.schedule().now());
  turn();
  submit_sometimes();
}

void ClientProgram::stopped() {
  session_.reset();
  effects_.clear();
  outstanding_.clear();
}

std::string ClientProgram::waits_for() const {
  std::string text;
  for (const auto& [ticket, job] : outstanding_) text += " " + job.label;
  return text;
}

// Its user wants to leave, once everything is answered.
void ClientProgram::terminate() { leaving_ = true; }

void ClientProgram::connected() {
  session_->connected(world_.schedule().now());
  turn();
}

void ClientProgram::disconnected() {
  session_->disconnected("cut", world_.schedule().now(), effects_);
  turn();
}

void ClientProgram::received(const Frames& frames) {
  const Instant now = world_.schedule().now();
  if (frames.size() != 1) violated(name() + " got a message of several frames");
  const auto message = wire::decode_to_client(frames[0]);
  if (!message) violated(name() + " cannot read: " + std::string(message.error().text));
  session_->received(*message, now, effects_);
  turn();
}

void ClientProgram::turn() {
  session_->turn(world_.schedule().now(), effects_);
  carry_out();
  if (leaving_ && outstanding_.empty() && session_) {
    session_->say_goodbye();
    if (session_->gone()) return end(true, world_.chance().between({}, std::chrono::seconds{3}));
  }
  if (session_) plan_turn(session_->next_deadline());
}

void ClientProgram::carry_out() {
  for (const client::Event& event : effects_.events) {
    std::visit([this](const auto& e) { hear(e); }, event);
  }
  for (const client::Outgoing& each : effects_.sends) {
    if (!line) continue;
    Frames frames(1);
    std::visit([&](const auto& message) { wire::encode(message, frames[0]); }, each);
    world_.network().send(line, std::move(frames));
  }
  const bool open = effects_.open;
  if (effects_.close) close_line();
  effects_.clear();
  if (open) line = world_.network().open(*this, core::Side::frontend);
}

void ClientProgram::hear(const client::ConfirmedRun& run) {
  JobId job = run.job;
  for (std::uint32_t i = 0; i < run.count; ++i, ++job.sequence) {
    const auto found = outstanding_.find(run.first + i);
    if (found == outstanding_.end()) violated(name() + " hears of a job that is over");
    world_.recorder().line(id(), "confirm", found->second.label, job);
    found->second.confirmed = true;
    if (!found->second.wants_result) outstanding_.erase(found);
  }
}

void ClientProgram::hear(const client::FinishedJob& job) {
  const auto found = outstanding_.find(job.ticket);
  if (found == outstanding_.end()) violated(name() + " hears of a job that is over");
  const std::string label = found->second.label;
  outstanding_.erase(found);
  world_.recorder().line(id(), "result", label, job.job, name_of(job.end));
  const bool is_right =
      world_.options().liars > 0 || job.bytes.starts_with(right_result(label + ":"));
  if (job.end == wire::End::done && !is_right) violated(label + " got another job's result");
}

void ClientProgram::hear(const RefusedJob& job) {
  violated(name() + "'s job is refused: " + job.text);
}

// ---- the user
// ------------------------------------------------------------------------------------

void ClientProgram::submit_sometimes() {
  later(world_.chance().between(Duration{1}, world_.options().submit_every * 2), [this] {
    if (world_.is_healing()) return;
    if (!leaving_ && outstanding_.size() < outstanding_max) submit_some();
    submit_sometimes();
  });
}

void ClientProgram::submit_some() {
  Chance& chance = world_.chance();
  const std::uint64_t count = chance.one_in(6) ? 1 + chance.below(12) : 1 + chance.below(2);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string label = world_.next_label(name());
    submit(draw_job(label), label);
  }
  turn();
}

Job ClientProgram::draw_job(const std::string& label) {
  Chance& chance = world_.chance();
  const Options& options = world_.options();
  Job job;
  job.payload = label + ":";
  if (chance.percent(options.large_percent)) job.payload.resize(1000 + chance.below(3000), '.');
  if (chance.one_in(options.huge_one_in)) job.payload.resize(1000000 + chance.below(2000000), '.');
  const std::uint64_t queue = chance.below(5);
  if (queue >= 2) job.queue = "q" + std::to_string(queue - 2);
  if (chance.one_in(3)) job.priority = chance.small(10);
  if (chance.percent(options.delay_percent)) job.delay = Milliseconds{1 + chance.small(3000)};
  if (chance.percent(options.expires_percent)) job.expires = Milliseconds{1 + chance.small(2000)};
  if (chance.percent(options.limit_percent)) job.time_limit = Milliseconds{100 + chance.small(400)};
  job.attempts = 1 + chance.small(5);
  job.backoff = Milliseconds{50};
  job.wants_result = chance.percent(options.result_percent);
  return job;
}

void ClientProgram::submit(Job job, const std::string& label) {
  const auto option = [](const char* word, std::int64_t value) {
    return std::string(word) + "=" + std::to_string(value);
  };
  std::string options = option("attempts", job.attempts);
  if (job.delay.count() > 0) options += " " + option("delay", job.delay.count());
  if (job.expires.count() > 0) options += " " + option("expires", job.expires.count());
  if (job.time_limit.count() > 0) options += " " + option("limit", job.time_limit.count());
  if (job.wants_result) options += " result";
  world_.recorder().line(id(), "submit", label, options);
  session_->set_options(client::JobOptions(job));
  const Ticket ticket = session_->submit(std::move(job.payload), effects_);
  outstanding_[ticket] = {label, job.wants_result, false};
}

}  // namespace zcrew::sim
