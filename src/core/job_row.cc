#include "core/job_row.h"

#include <algorithm>
#include <utility>

namespace zcrew::core {

namespace {

// Memory for so few is kept, also when nobody is left.
constexpr std::size_t kept_places = 64;

}  // namespace

JobRow::Iterator JobRow::find_from(Sequence sequence) const {
  return std::lower_bound(begin(), end(), sequence, [](const Job* job, Sequence wanted) {
    return job->id.sequence < wanted;
  });
}

void JobRow::take_all(JobRow& newer) {
  if (empty()) {
    *this = std::move(newer);
  } else {
    jobs_.insert(jobs_.end(), newer.begin(), newer.end());
  }
  newer = {};
}

Job* JobRow::take(Sequence sequence) {
  if (empty()) return nullptr;
  if (Job* first = front(); first->id.sequence == sequence) {  // nearly always
    pop_front();
    return first;
  }
  const auto found = find_from(sequence);
  if (found == end() || (*found)->id.sequence != sequence) return nullptr;
  Job* job = *found;
  // Whoever is on the shorter side moves up.
  const auto first = jobs_.begin() + static_cast<std::ptrdiff_t>(gone_);
  const auto at = first + (found - begin());
  if (at - first < jobs_.end() - at) {
    std::move_backward(first, at, at + 1);
    pop_front();
  } else {
    jobs_.erase(at);
    close_up();
  }
  return job;
}

void JobRow::pop_front() {
  ++gone_;
  close_up();
}

// The places that became free at the front go together, when they are half of all: each job is
// moved over once.
void JobRow::close_up() {
  if (jobs_.capacity() > kept_places && size() < jobs_.capacity() / 4) {
    jobs_ = std::vector<Job*>(begin(), end());
  } else if (2 * gone_ >= jobs_.size()) {
    jobs_.erase(jobs_.begin(), begin());
  } else {
    return;
  }
  gone_ = 0;
}

}  // namespace zcrew::core
