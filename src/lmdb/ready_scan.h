// The jobs of a queue and priority that are ready, behind one of them, in order, whichever of
// `ready` and `bundles` they are in; vouched for as in scan.h.
#pragma once

#include <cstddef>
#include <optional>

#include "journal/bundle_codec.h"
#include "lmdb/databases.h"
#include "lmdb/scan.h"

namespace zcrew::lmdb {

class ReadyScan {
 public:
  // Throws Damaged, as all that moves it.
  ReadyScan(MDB_txn* transaction, const Databases& databases, const JobId& after);

  // Whether it stands on a job; id() and job() are then its. The job's views are good as long as
  // the transaction.
  [[nodiscard]] bool there() const { return here_ != Here::nowhere; }
  [[nodiscard]] const JobId& id() const { return id_; }
  [[nodiscard]] journal::JobView job() const;
  void next();

 private:
  enum class Here : std::uint8_t { nowhere, single, bundled };

  [[nodiscard]] std::optional<JobId> key_of(const Scan& scan, std::string_view name) const;
  void read_single();
  void read_bundle();
  void choose();

  const JobId after_;
  Scan singles_;
  Scan bundles_;
  std::optional<JobId> single_;
  journal::Bundle bundle_;
  std::size_t at_ = 0;  // in the bundle
  JobId before_;        // the key of the bundle before
  Here here_ = Here::nowhere;
  JobId id_;
};

// Looks single jobs up there. Those that are asked for in order are met on the way to each other,
// and what lies between two that follow each other is not there.
class ReadySearch {
 public:
  ReadySearch(MDB_txn* transaction, const Databases& databases)
      : transaction_(transaction), databases_(databases) {}

  // The job, unless it is vouched for that there is none; its views are as good as ReadyScan's.
  std::optional<journal::JobView> find(const JobId& id);

 private:
  bool reach(const JobId& id);

  MDB_txn* transaction_;
  const Databases& databases_;
  std::optional<ReadyScan> scan_;
  JobId last_;  // that was asked for: the scan stands there, or on the next behind it
};

}  // namespace zcrew::lmdb
