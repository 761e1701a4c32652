// The new jobs that wait for a commit, as they came: runs of jobs that are alike in all but their
// payloads, so that one which ends before a commit took it never had a record of its own. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "core/record.h"

namespace zcrew::journal {

class PendingPuts {
 public:
  // Their puts have the numbers from `first` on, above those of all that came before.
  void add(core::PutJobs&& jobs, core::JournalSequence first);

  // Takes the job out whose put has this number: the bytes of its payload. nullopt: it is not here.
  std::optional<std::size_t> cancel(core::JournalSequence number, const JobId& id);

  // Jobs.
  [[nodiscard]] std::size_t size() const { return left_; }
  // The number of the oldest. Requires that there is one.
  [[nodiscard]] core::JournalSequence oldest() const;

  // Moves them to the end of `puts`, by number.
  void take(std::vector<core::PutJob>& puts);

 private:
  struct Run {
    Run(core::PutJobs&& that, core::JournalSequence number)
        : jobs(std::move(that)), first(number), size(jobs.count()), left(size) {}

    core::PutJobs jobs;
    core::JournalSequence first;  // number
    std::size_t size;             // places, also those of jobs that left
    std::size_t left;             // jobs
    std::size_t begin = 0;        // those before it have left, …
    std::vector<bool> gone;       // … and of those behind it these; empty: none

    [[nodiscard]] bool contains(core::JournalSequence number) const {
      return number >= first && number - first < size;
    }
    [[nodiscard]] bool has(std::size_t i) const {
      return left > 0 && i >= begin && (gone.empty() || !gone[i]);
    }
    Payload take_payload(std::size_t i);
    void remove(std::size_t i);
  };

  [[nodiscard]] Run* find(core::JournalSequence number);
  void drop_empty();
  void compact();

  std::deque<Run> runs_;    // by number; the first has jobs left
  std::size_t likely_ = 0;  // which had the last that was found
  std::size_t places_ = 0;  // of all runs
  std::size_t left_ = 0;
};

}  // namespace zcrew::journal
