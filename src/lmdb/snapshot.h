// Reads from one snapshot of the journal: the state after some whole commit (journal.md section 5).
// Keep it for milliseconds only; while it lives, no page freed since can be used again.
//
// Any thread; each snapshot is used by one thread. Damaged for what does not verify.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/journal.h"
#include "journal/row_codec.h"
#include "lmdb/databases.h"
#include "lmdb/ready_scan.h"
#include "lmdb/transaction.h"

namespace zcrew::lmdb {

class Snapshot {
 public:
  Snapshot(MDB_env* environment, const Databases& databases)
      : transaction_(environment, Transaction::Mode::read),
        databases_(databases),
        ready_(transaction_.get(), databases) {}

  // The last record it contains, if that was committed in this epoch; else 0.
  [[nodiscard]] core::JournalSequence as_of(Epoch epoch) const;

  void read_ready(const core::ReadReady& request, core::ReadyPage& page) const;
  void read_later(const core::ReadLater& request, core::LaterPage& page) const;
  // Quickest in the order of ids.
  [[nodiscard]] core::LoadedJob load(const JobId& id);
  [[nodiscard]] core::PayloadLoaded load_payload(const JobId& id);
  [[nodiscard]] core::LoadedResult load_result(const JobId& id);
  [[nodiscard]] journal::DeadPage read_dead(QueueNumber queue, const JobId& after,
                                            std::uint32_t letters_max) const;
  [[nodiscard]] std::vector<JobId> expired_results(WallTime until, std::uint32_t results_max) const;

 private:
  struct Found {
    core::Place place = core::Place::none;
    WallTime due{};
    journal::JobView job;
  };
  [[nodiscard]] Found find(const JobId& id);

  Transaction transaction_;
  const Databases& databases_;
  ReadySearch ready_;
};

}  // namespace zcrew::lmdb
