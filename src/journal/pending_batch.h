// What is waiting for the next commit. A removal cancels the put it names if that is still here, so
// that a job which finishes before a commit takes it never touches the disk (group commit with
// cancelling). Pure; owned by the loop thread.
//
// Records keep the numbers the core gave them: the nth record ever added has number n.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "journal/journal.h"
#include "journal/pending_puts.h"

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
  [[nodiscard]] bool full() const {
    return live_ >= batch_records_max || open_bytes_ >= batch_bytes_max;
  }
  void close(core::Totals totals);

  // Nothing to write: neither open nor closed.
  [[nodiscard]] bool empty() const { return live_ == 0 && closed_.empty(); }

  // The number of the last record added; with empty() it is durable by definition.
  [[nodiscard]] core::JournalSequence last() const { return last_; }

  // The number of the oldest put of a job or result in the open batch; last() + 1 if there is none.
  [[nodiscard]] core::JournalSequence oldest_put();
  // Whether more hangs on one of its records than a job's put or its end: such a
  // batch is taken as soon as possible.
  [[nodiscard]] bool urgent() const { return urgent_ > 0; }

  // What waits here, in the coin of Journal::make_room(). It comes off the room that a commit
  // reports before the core is told; the core takes off only what it accepts from then on.
  [[nodiscard]] std::uint64_t bytes() const { return open_bytes_ + closed_bytes_; }

  // The oldest batch: a closed one if there is any, or else the open one with `totals`. Each
  // requires that there is such a batch.
  [[nodiscard]] bool has_closed() const { return !closed_.empty(); }
  [[nodiscard]] Batch take(core::Totals totals);  // of the open batch
  [[nodiscard]] Batch take_closed();

  // The same coin, of all puts that were ever cancelled: these bytes are to be had again.
  [[nodiscard]] std::uint64_t cancelled_bytes() const { return cancelled_bytes_; }

  // Jobs put so far, without those whose put was cancelled: these are written to disk.
  [[nodiscard]] std::uint64_t jobs_put() const { return jobs_put_; }

  // Memory of a committed batch, to be used again.
  void recycle(Batch spent);

 private:
  void add(const core::RemoveJob& removal);
  void add_change(core::Record&& change);
  [[nodiscard]] bool cancels_put(const core::RemoveJob& removal);
  [[nodiscard]] bool cancels_put(const core::RemoveResult& removal);
  [[nodiscard]] core::JournalSequence oldest_result();
  void count_cancelled(std::uint64_t bytes);
  void compact_changes();
  void forget();

  // The open batch. A change that was cancelled is a put without a job until the gaps are closed.
  PendingPuts puts_;
  std::vector<core::Record> changes_;
  std::vector<core::JournalSequence> change_numbers_;  // of changes_
  std::size_t oldest_result_at_ = 0;                   // no result is put in the changes before it
  std::vector<core::RemoveJob> removals_;
  core::JournalSequence first_ = 1;  // numbers below it are in older batches
  core::JournalSequence last_ = 0;
  std::size_t live_ = 0;      // of all three
  std::size_t changing_ = 0;  // of the changes, those not cancelled
  std::size_t urgent_ = 0;    // of the changes
  std::uint64_t open_bytes_ = 0;
  std::uint64_t cancelled_bytes_ = 0;
  std::uint64_t jobs_put_ = 0;

  std::deque<Batch> closed_;
  std::uint64_t closed_bytes_ = 0;
  std::vector<Batch> spare_;
};

}  // namespace zcrew::journal
