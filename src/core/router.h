// The router's mind: one event in, effects out. Pure and deterministic: no clock, socket, file or
// thread; the same events at the same times give the same effects.
//
// One thread calls everything. `now.mono` must not go backwards between calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/recovered.h"

namespace zcrew::core {

// For `status`, `queues` and `workers`.
struct QueueReport {
  QueueNumber number = 0;
  QueueSettings settings;
  QueueCounts counts;
};
struct WorkerReport {
  std::string name;
  Uuid instance;        // zero for a Guide worker
  std::string dialect;  // "native", "guide-byte", "guide-word"
  std::string state;    // "joining", "idle", "busy", "draining", "suspect"
  std::vector<std::string> queues;
  std::uint32_t weight = 0;
  std::uint32_t concurrency = 0;
  std::uint32_t held = 0;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t speed_permille = 1000;  // what `adaptive` has learned: 1000 = as its weight says
  std::uint64_t service_us = 0;         // mean run time of its jobs
  std::uint64_t round_trip_us = 0;
};
struct Report {
  Epoch epoch = 0;
  bool recovering = false;
  bool full = false;  // refusing new jobs for want of disk space
  QueueCounts totals;
  Counters counters;
  std::uint64_t sessions = 0;
  std::vector<QueueReport> queues;    // by number
  std::vector<WorkerReport> workers;  // by name, then instance
};

class Router {
 public:
  Router(const Config& config, const Recovered& recovered, Now now);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  void step(const Event& event, Now now, Effects& effects);

  // When the next Tick is worth sending, on the monotonic clock.
  [[nodiscard]] Instant next_deadline() const;

  // Counters, and the counts of the queues that changed since the last call: for the batch that is
  // about to be committed. Call between steps.
  [[nodiscard]] Totals take_totals();

  // Records up to this number were taken for a commit, so that no removal can cancel them any more;
  // later ones were not. As long as the core is not told, it takes all for taken.
  void records_taken(JournalSequence up_to);

  [[nodiscard]] Load load() const;

  // After Shutdown: nothing is held and nothing waits to become durable.
  [[nodiscard]] bool idle() const;

  [[nodiscard]] Report report() const;
  // Of the report, which takes a while where there are many queues or workers.
  [[nodiscard]] QueueCounts totals() const;
  [[nodiscard]] const Counters& counters() const;

  // Walks everything and checks what must always hold (counts, places, credits, windows). Slow; for
  // tests and the simulator. Fails a ZCREW_CHECK.
  void check_invariants() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zcrew::core
