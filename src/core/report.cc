// Router::report: what `status`, `queues` and `workers` show.
#include "core/state.h"

namespace zcrew::core {

namespace {

std::string_view name_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::native:
      return "native";
    case Dialect::guide_byte:
      return "guide-byte";
    case Dialect::guide_word:
      return "guide-word";
    case Dialect::guide:
      return "guide";
  }
  return "";
}

std::string_view state_of(const Worker& worker) {
  switch (worker.state) {
    case WorkerState::joining:
      return "joining";
    case WorkerState::draining:
      return "draining";
    case WorkerState::suspect:
      return "suspect";
    case WorkerState::active:
      break;
  }
  return worker.held > 0 || worker.overdue ? "busy" : "idle";
}

}  // namespace

QueueCounts Router::totals() const { return state_->book.totals(); }

const Counters& Router::counters() const { return state_->context.counters; }

Report Router::report() const {
  const State& state = *state_;
  Report report;
  report.epoch = state.context.epoch;
  report.recovering = state.context.recovering;
  report.full = state.clients.full();
  report.totals = state.book.totals();
  report.counters = state.context.counters;
  report.sessions = state.sessions.size();
  for (const auto& [number, queue] : state.book.queues()) {
    report.queues.push_back({number, queue->settings, queue->counts});
  }
  for (const Worker* worker : state.workers.workers()) {
    WorkerReport row;
    row.name = worker->name;
    row.instance = worker->instance;
    row.dialect = name_of(worker->dialect);
    row.state = state_of(*worker);
    for (const QueueNumber number : worker->queues) {
      row.queues.push_back(state.book.queues().at(number)->settings.name);
    }
    row.weight = worker->weight;
    row.concurrency = worker->concurrency();
    row.held = worker->held;
    row.done = worker->done;
    row.failed = worker->failed;
    row.speed_permille = worker->speed();
    row.service_us = worker->service_us;
    row.round_trip_us = worker->round_trip_us;
    report.workers.push_back(std::move(row));
  }
  return report;
}

}  // namespace zcrew::core
