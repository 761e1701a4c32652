// What is waiting for the next commit. A removal cancels the put it names if that is still here, so
// that a job which finishes before a commit takes it never touches the disk (group commit with
// cancelling). Pure; owned by the loop thread.
//
// Records keep the numbers the core gave them: the nth record ever added has number n.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "journal/journal.h"

namespace zcrew::journal {

// One commit's size: large enough that the sync's cost vanishes, small enough that LMDB's
// dirty-page list (131,071 pages) and a reader's patience hold.
inline constexpr std::size_t batch_records_max = 50000;
inline constexpr std::uint64_t batch_bytes_max = std::uint64_t{64} << 20U;

class PendingBatch {
 public:
  // Adds one step's records, an atomic group; leaves `records` empty with its capacity.
  void add(std::vector<core::Record>& records);

  // A batch that is full must be closed with the totals of this moment before the next add().
  [[nodiscard]] bool full() const;
  void close(core::Totals totals);

  // Nothing to write: neither open nor closed.
  [[nodiscard]] bool empty() const;

  // The number of the last record added; with empty() it is durable by definition.
  [[nodiscard]] core::JournalSequence last() const { return last_; }

  // The oldest batch: a closed one, or else the open one with `totals`. Requires !empty().
  [[nodiscard]] bool has_closed() const { return !closed_.empty(); }
  [[nodiscard]] Batch take(core::Totals totals);  // of the open batch
  [[nodiscard]] Batch take_closed();

 private:
  struct Slot {
    core::Record record;
    bool cancelled = false;
  };
  std::vector<Slot> slots_;  // the open batch; slot i has number first_ + i
  core::JournalSequence first_ = 1;
  core::JournalSequence last_ = 0;
  std::size_t live_ = 0;
  std::uint64_t bytes_ = 0;
  std::deque<Batch> closed_;
};

}  // namespace zcrew::journal
