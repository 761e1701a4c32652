#include "worker_program.h"

#include <algorithm>

#include "client_program.h"
#include "ledger.h"
#include "simulation.h"

namespace zcrew::sim {

void WorkerProgram::start() {
  Chance& chance = sim_.chance();
  for (std::uint8_t& byte : instance_.bytes) byte = static_cast<std::uint8_t>(chance.below(256));
  running_.clear();
  finished_.clear();
  weight_ = 1 + static_cast<std::uint32_t>(chance.below(4));
  concurrency_ = chance.one_in(2) ? 0 : 1 + static_cast<std::uint32_t>(chance.below(8));
  queues_ = {"default"};
  for (unsigned i = 0; i < 3; ++i) {
    // The first worker serves everything, so that no queue is left alone.
    if (name() == "w1" || chance.one_in(2)) queues_.push_back("q" + std::to_string(i));
  }
  reconnect();
}

void WorkerProgram::lost() { reconnect(); }

void WorkerProgram::heal() { weight_ = std::max(weight_, 1U); }

void WorkerProgram::reconnect() {
  welcome_ = false;
  const core::Config& config = sim_.options().core;
  later(sim_.chance().between(Duration{1}, config.heartbeat * config.liveness / 3),
        [this] { connect(); });
}

void WorkerProgram::connect() {
  if (line) return;
  line = sim_.connect(*this, core::Side::backend);
  if (!line) return reconnect();
  heard_ = sim_.schedule().now();
  auto texts = std::make_shared<Texts>();
  wire::WorkerHello hello;
  hello.instance = instance_;
  hello.name = texts->keep(name());
  hello.weight = weight_;
  hello.concurrency = concurrency_;
  for (const std::string& queue : queues_) hello.queues.push_back(texts->keep(queue));
  hello.held.assign(running_.begin(), running_.end());
  for (const auto& [token, ended] : finished_) hello.finished.push_back(token);
  sim_.send(line, {wire::BackendMessage{std::move(hello)}, texts});
  later_on_line(sim_.options().core.heartbeat, [this] { beat(); });
}

void WorkerProgram::beat() {
  const core::Config& config = sim_.options().core;
  if (sim_.schedule().now() - heard_ > config.heartbeat * config.liveness) {
    sim_.disconnect(*this);
    return;
  }
  sim_.send(line, {wire::BackendMessage{wire::Heartbeat{}}, nullptr});
  later_on_line(config.heartbeat, [this] { beat(); });
}

void WorkerProgram::received(const core::Message& message) {
  heard_ = sim_.schedule().now();
  std::visit([this](const auto& m) { on(m); }, message);
}

void WorkerProgram::on(const wire::WorkerWelcome& welcome) {
  welcome_ = true;
  concurrency_now_ = welcome.concurrency;
  numbers_.clear();
  for (const wire::QueueName& queue : welcome.queues) numbers_.insert(queue.number);
  if (numbers_.size() != queues_.size()) sim_.ledger().violated(name() + " misses a queue");
  for (const Token& token : welcome.abandon) {
    if (running_.erase(token) + finished_.erase(token) == 0) {
      sim_.ledger().violated(name() + " shall abandon what it never listed");
    }
  }
  std::vector<Token> tokens;
  for (const auto& [token, ended] : finished_) tokens.push_back(token);
  send_outcomes(tokens);
}

void WorkerProgram::on(const wire::RunItem& run) {
  if (!welcome_) sim_.ledger().violated(name() + " got a RUN before its WELCOME");
  if (numbers_.count(run.token.job.queue) == 0) {
    sim_.ledger().violated(name() + " does not serve that queue");
  }
  if (running_.count(run.token) + finished_.count(run.token) != 0) {
    sim_.ledger().violated(name() + " got a token twice");
  }
  if (running_.size() >= concurrency_now_ + sim_.options().core.prefetch_max) {
    sim_.ledger().violated(name() + " holds more than its credit");
  }
  running_.insert(run.token);
  Duration length = sim_.chance().between(Duration{0}, sim_.options().job_time * 2);
  if (run.time_limit_ms != 0 && sim_.chance().one_in(3)) length += Milliseconds{600};
  later(length, [this, token = run.token, label = label_of(run.payload)] { finish(token, label); });
}

wire::Outcome WorkerProgram::draw_outcome() {
  const Options& options = sim_.options();
  const std::uint64_t draw = sim_.chance().below(100);
  if (draw < options.failed_percent) return wire::Outcome::failed;
  if (draw < options.failed_percent + options.rejected_percent) return wire::Outcome::rejected;
  if (draw < options.failed_percent + options.rejected_percent + options.released_percent) {
    return wire::Outcome::released;
  }
  return wire::Outcome::done;
}

void WorkerProgram::finish(const Token& token, const std::string& label) {
  if (running_.erase(token) == 0) return;  // abandoned
  Ended ended;
  ended.outcome = draw_outcome();
  ended.bytes = ended.outcome == wire::Outcome::done ? right_result(label) : "no luck";
  sim_.ledger().saw_outcome(token, ended.outcome);
  finished_[token] = ended;
  if (welcome_) send_outcomes({token});
}

void WorkerProgram::send_outcomes(const std::vector<Token>& tokens) {
  if (tokens.empty()) return;
  auto texts = std::make_shared<Texts>();
  wire::OutcomeMessage message;
  for (const Token& token : tokens) {
    const Ended& ended = finished_.at(token);
    wire::OutcomeItem item;
    item.token = token;
    item.outcome = ended.outcome;
    item.run_us = sim_.chance().below(20000);
    item.held_us = item.run_us + 10;
    item.bytes = texts->keep(ended.bytes);
    message.entries.push_back(item);
  }
  sim_.send(line, {wire::BackendMessage{std::move(message)}, texts});
}

void WorkerProgram::on(const Token& settled) { finished_.erase(settled); }

void WorkerProgram::on(const wire::Error&) { sim_.disconnect(*this); }

void WorkerProgram::on(const wire::Capacity& capacity) {
  // Jobs that are on their way or here already stay beyond a smaller concurrency.
  concurrency_now_ = std::max(concurrency_now_, capacity.concurrency);
  if (concurrency_ == 0) weight_ = capacity.weight;
}

}  // namespace zcrew::sim
