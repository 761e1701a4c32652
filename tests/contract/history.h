// Random histories of jobs that a router could have written: every record fits the state that the
// ones before it left.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "core/record.h"
#include "fixtures.h"

namespace zcrew::test {

class History {
 public:
  // With `jobs_max` jobs there, no more are put until some have gone.
  explicit History(std::uint64_t seed, std::size_t jobs_max = SIZE_MAX)
      : random_(seed), jobs_max_(jobs_max) {}

  // The router starts again, in the same state: its records are numbered anew, and what comes from
  // here on follows from another seed.
  void restart(std::uint64_t seed);

  // The records of one step; the first has number `first`, so that removals can name what they
  // cancel. 0 = nothing is to be cancelled.
  std::vector<core::Record> step(core::JournalSequence first = 0);

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  [[nodiscard]] Sequence next() const { return next_; }
  JobId any_id();

 private:
  struct Spot {
    core::Place place = core::Place::none;
    WallTime due{};
    core::JournalSequence number = 0;  // of its put, while that is its only record
  };
  using Spots = std::map<JobId, Spot>;

  Spots::iterator any_spot();
  std::size_t some_size();
  core::HistoryEntry some_entry();
  core::JobHeader some_header();
  core::Record one(core::JournalSequence number);
  core::Record instance();
  core::Record fresh(core::JournalSequence number);
  core::Record remove(Spots::iterator at);
  core::Record result(const JobId& id);
  core::Record moved(const JobId& id, Spot& spot);

  std::mt19937_64 random_;
  std::size_t jobs_max_;
  Sequence next_ = 1;
  Spots spots_;
};

}  // namespace zcrew::test
