#include "core/queue.h"

#include <bit>

#include "base/plant.h"

namespace zcrew::core {

namespace {

// One priority better for every `step` of waiting; may go below 0, so that the longest wait wins.
std::int64_t aged(const Job& job, WallTime now, Duration step) {
  const auto priority =
      static_cast<std::int64_t>(job.id.priority) * (planted(Bug::least_urgent_first) ? -1 : 1);
  const Milliseconds waited = now - job.header.accepted_at;
  if (step.count() <= 0 || waited < step) return priority;
  return priority - waited / step;
}

}  // namespace

void Queue::make_lane(Priority priority) {
  lanes[priority] = std::make_unique<Lane>();
  lanes_made |= static_cast<std::uint16_t>(1U << priority);
}

Job* Queue::next(WallTime now, Duration step, Sequence from) const {
  Job* best = nullptr;
  std::int64_t best_priority = 0;
  for (unsigned left = lanes_made; left != 0; left &= left - 1) {  // most urgent first
    const Lane* lane = lanes[static_cast<std::size_t>(std::countr_zero(left))].get();
    Job* job = from == 0 ? lane->front() : lane->front_from(from);
    if (job == nullptr) {
      // What is on disk may be more urgent than what the lanes behind have; a page tells in a
      // moment.
      if (best == nullptr && lane->gap().open() && from == 0) return nullptr;
      continue;
    }
    const bool is_last = (left & (left - 1)) == 0;
    if (best == nullptr && is_last) return job;  // its priority is compared with no other's
    const std::int64_t effective = aged(*job, now, step);
    const bool better = best == nullptr || effective < best_priority ||
                        (effective == best_priority && job->id.sequence < best->id.sequence);
    if (better) {
      best = job;
      best_priority = effective;
    }
  }
  return best;
}

}  // namespace zcrew::core
