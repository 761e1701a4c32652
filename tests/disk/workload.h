// What the disk tests write: endless steps of records as a router makes them, and what a journal
// must hold after each. The state after step n is a function of the seeds and n alone, wherever the
// commits cut the steps apart and whatever cancelled what in the pending batch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fixtures.h"
#include "history.h"

namespace zcrew::test {

class Workload {
 public:
  explicit Workload(std::uint64_t seed) : history_(seed, jobs_max) {}

  // The writer's process starts again; what it does from here on follows from another seed.
  void restart(std::uint64_t seed);

  Step next();  // its totals.counters.confirmed says which it is
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  static constexpr std::size_t jobs_max = 200;

  History history_;
  Author author_;
  std::uint64_t steps_ = 0;
  core::JournalSequence numbered_before_ = 0;  // records of earlier processes
};

// All that an opened journal holds, as text by name: two journals are alike if these are.
using Contents = std::map<std::string, std::string>;
Contents contents_of(journal::Journal& journal, const core::Recovered& recovered);
std::uint64_t steps_of(const core::Recovered& recovered);

// The first difference in words; empty if there is none.
std::string difference(const Contents& found, const Contents& expected);

// The contents that belong to each step.
class Expected {
 public:
  explicit Expected(const Workload& workload) : workload_(workload) {}

  // The contents after `steps`, which may not be less than at the last call.
  const Contents& after(std::uint64_t steps);
  [[nodiscard]] const Workload& workload() const { return workload_; }
  void restart(std::uint64_t seed) { workload_.restart(seed); }

 private:
  Workload workload_;
  journal::MemoryJournal model_;
  Contents contents_;
  std::uint64_t of_ = UINT64_MAX;  // the step that contents_ belongs to
};

}  // namespace zcrew::test
