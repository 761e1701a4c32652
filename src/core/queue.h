// A queue: its settings, its counts, and its ready jobs by priority. Which job is next is decided
// here: priority, improved by waiting, then age (design D10). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/lane.h"
#include "core/record.h"

namespace zcrew::core {

class WorkerGroup;

struct Queue {
  Queue(QueueNumber n, QueueSettings s) : number(n), settings(std::move(s)) {}

  QueueNumber number;
  QueueSettings settings;
  QueueCounts counts;       // in-memory-only jobs included
  QueueCounts memory_only;  // the part of it that no commit may count
  bool changed = false;     // since the last commit was taken
  std::array<std::unique_ptr<Lane>, priority_count> lanes;
  std::uint16_t lanes_made = 0;  // bit p: lanes[p] is there
  static_assert(priority_count <= 16);
  bool woken = false;  // listed for the dispatcher
  struct Membership {
    WorkerGroup* group = nullptr;
    std::size_t slot = 0;  // the queue's place in the group
  };
  std::vector<Membership> groups;  // whose workers serve this queue
  std::uint64_t mean_run_us = 0;   // of its finished jobs, moving; 0 = none yet

  Lane& lane(Priority priority) {
    if (lanes[priority] == nullptr) make_lane(priority);
    return *lanes[priority];
  }

  // The job to hand out next, or null: nothing is ready in memory, or a lane that may hold a more
  // urgent job is being paged in. `step` is Config::age_step. While the router recovers, jobs from
  // before its start wait: only those `from` that sequence on go (0: all).
  [[nodiscard]] Job* next(WallTime now, Duration step, Sequence from) const;

 private:
  void make_lane(Priority priority);
};

}  // namespace zcrew::core
