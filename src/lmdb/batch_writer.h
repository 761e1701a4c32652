// Carries out a batch inside one write transaction: each record as reads and writes of the tables
// of docs/journal.md section 2. Used by whoever commits.
//
// Throws JournalError for a job that is not where the record says (a bug of ours) and Damaged for a
// record that does not verify; the transaction is then to be dropped.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/record.h"
#include "journal/journal.h"
#include "journal/record_codec.h"
#include "lmdb/bundles.h"
#include "lmdb/databases.h"
#include "lmdb/transaction.h"

namespace zcrew::lmdb {

// What a writer remembers from one batch to the next.
struct WriterMemory {
  // No key of `ready` is above this, so that a larger one is appended without a search.
  JobId ready_end;
  // No job was ever put above this sequence.
  Sequence newest = 0;
  BundlesMemory bundles;
  Sequence sequence_limit = 1;
  std::string record;   // a job on its way from one place to another
  std::string history;  // and its new history
  // Ids beside their records: to sort by them without a look at each record.
  template <typename Record>
  using Sorted = std::vector<std::pair<JobId, const Record*>>;
  Sorted<core::PutJob> puts;  // a batch's, in the order of ids
  Sorted<core::RemoveJob> removals;
};

class BatchWriter {
 public:
  BatchWriter(MDB_txn* transaction, const Databases& databases, WriterMemory& memory);

  // All of the batch, and the row `commit`.
  void write(const journal::Batch& batch, Epoch epoch);

  void operator()(const core::PutJob& put);  // by itself
  void operator()(const core::RemoveJob& removal);
  void operator()(const core::MoveToLater& move);
  void operator()(const core::MoveToReady& move);
  void operator()(const core::MoveToDead& move);
  void operator()(const core::Redrive& redrive);
  void operator()(const core::UpdateJob& update);
  void operator()(const core::PutHeld& put);
  void operator()(const core::RemoveHeld& remove);
  void operator()(const core::PutInstance& put);
  void operator()(const core::RemoveInstance& remove);
  void operator()(const core::RemoveSession& remove);
  void operator()(const core::PutResult& put);
  void operator()(const core::RemoveResult& remove);
  void operator()(const core::PutQueue& put);
  void operator()(const core::ReserveSequences& reserve);

 private:
  void put_jobs(const std::vector<core::PutJob>& puts);
  void put_together(journal::BundleDraft& draft);
  void remove_jobs(const std::vector<core::RemoveJob>& removals);

  journal::JobView find(const JobId& id, core::Place place, WallTime due);
  journal::JobView find_ready(const JobId& id);
  journal::JobView take(const JobId& id, core::Place place, WallTime due);
  void erase_found(const JobId& id, core::Place place);
  void erase_held(const JobId& id);
  void place_ready(const JobId& id, const journal::JobView& job);
  void place_later(const JobId& id, WallTime due, const journal::JobView& job);
  void place_dead(const JobId& id, const journal::JobView& job);
  bool erase_result(const JobId& id);

  MDB_txn* transaction_;
  const Databases& databases_;
  WriterMemory& memory_;
  bool any_held_;
  bool bundled_ = true;  // what find_ready() found last is in a bundle

  // Jobs come in at the end of `ready` and leave near its beginning: a cursor for each finds its
  // page without a search.
  Cursor ready_in_;
  Cursor ready_out_;
  Bundles bundles_;
  Cursor later_;
  Cursor dead_;
  Cursor blobs_;
  Cursor results_;
};

}  // namespace zcrew::lmdb
