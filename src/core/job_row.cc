#include "core/job_row.h"

#include <algorithm>

namespace zcrew::core {

namespace {

// A row that was longer gives its memory back when it has become empty; a shorter one keeps it.
constexpr std::size_t kept_places = 64;

}  // namespace

JobRow::Iterator JobRow::find_from(Sequence sequence) const {
  return std::lower_bound(begin(), end(), sequence, [](const Job* job, Sequence wanted) {
    return job->id.sequence < wanted;
  });
}

void JobRow::take_all(JobRow& newer) {
  jobs_.insert(jobs_.end(), newer.begin(), newer.end());
  newer = {};
}

Job* JobRow::take(Sequence sequence) {
  if (empty()) return nullptr;
  if (Job* first = front(); first->id.sequence == sequence) {  // nearly always
    pop_front();
    return first;
  }
  const auto at = find_from(sequence);
  if (at == end() || (*at)->id.sequence != sequence) return nullptr;
  Job* job = *at;
  jobs_.erase(at);
  return job;
}

// The places that became free go together, when they are half of all: each is moved over once.
void JobRow::pop_front() {
  ++gone_;
  if (gone_ < jobs_.size()) {
    if (2 * gone_ < jobs_.size()) return;
    jobs_.erase(jobs_.begin(), begin());
  } else if (jobs_.capacity() > kept_places) {
    jobs_ = {};
  } else {
    jobs_.clear();
  }
  gone_ = 0;
}

}  // namespace zcrew::core
