// Jobs found by id, for those that are out at workers: one goes in at each hand-out and out at each
// outcome, so nothing is allocated for it. Open addressing with linear probing; an erased place is
// closed at once, so that searches stay short. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "core/job.h"

namespace zcrew::core {

class JobTable {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] Job* find(const JobId& id) const {
    for (std::size_t at = home(id);; at = next(at)) {
      if (slots_[at] == nullptr || slots_[at]->id == id) return slots_[at];
    }
  }

  // Requires that no job of this id is here.
  void insert(Job& job) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    place(job);
    ++size_;
  }

  // Requires that the job is here, and that its id is the one it came with.
  void erase(const Job& job) {
    std::size_t hole = home(job.id);
    while (slots_[hole] != &job) {
      ZCREW_CHECK(slots_[hole] != nullptr);
      hole = next(hole);
    }
    // Whoever was pushed on by what stood here moves up.
    for (std::size_t at = next(hole); slots_[at] != nullptr; at = next(at)) {
      const std::size_t wanted = home(slots_[at]->id);
      const bool stays = hole < at ? hole < wanted && wanted <= at : hole < wanted || wanted <= at;
      if (stays) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = nullptr;
    --size_;
  }

  // In no order that means anything.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (Job* job : slots_) {
      if (job != nullptr) visit(*job);
    }
  }

 private:
  static constexpr std::size_t slots_min = 64;

  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  // The hash multiplies, which spreads to the upper bits.
  [[nodiscard]] std::size_t home(const JobId& id) const {
    return std::hash<JobId>{}(id) >> 32U & (slots_.size() - 1);
  }
  void place(Job& job) {
    std::size_t at = home(job.id);
    while (slots_[at] != nullptr) at = next(at);
    slots_[at] = &job;
  }
  void grow() {
    const std::vector<Job*> old = std::exchange(slots_, std::vector<Job*>(2 * slots_.size()));
    for (Job* job : old) {
      if (job != nullptr) place(*job);
    }
  }

  std::vector<Job*> slots_ = std::vector<Job*>(slots_min);  // a power of two, at most half full
  std::size_t size_ = 0;
};

}  // namespace zcrew::core
