// Jobs in rising order of sequence, that mostly come at the end and go at the front. As a deque,
// but one that nobody was in takes no memory of its own: a router with many queues has a million.
// One that was long gives back what it does not need. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "core/job.h"

namespace zcrew::core {

class JobRow {
 public:
  using Iterator = std::vector<Job*>::const_iterator;

  [[nodiscard]] bool empty() const { return jobs_.empty(); }
  [[nodiscard]] std::size_t size() const { return jobs_.size() - gone_; }
  [[nodiscard]] Job* front() const { return jobs_[gone_]; }
  [[nodiscard]] Job* back() const { return jobs_.back(); }
  [[nodiscard]] Iterator begin() const {
    return jobs_.begin() + static_cast<std::ptrdiff_t>(gone_);
  }
  [[nodiscard]] Iterator end() const { return jobs_.end(); }
  // The first job that is not older, or end().
  [[nodiscard]] Iterator find_from(Sequence sequence) const;

  // Jobs there is memory for.
  [[nodiscard]] std::size_t places() const { return jobs_.capacity(); }

  void push_back(Job& job) { jobs_.push_back(&job); }
  // All jobs of a row that begins behind this one's end.
  void take_all(JobRow& newer);
  // Null if it is not here.
  Job* take(Sequence sequence);

 private:
  void pop_front();
  void close_up();

  std::vector<Job*> jobs_;
  std::size_t gone_ = 0;  // places at the front whose jobs have left; none if nobody is here
};

}  // namespace zcrew::core
