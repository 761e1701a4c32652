// One walk over all tables of a snapshot; the parts of check_journal().
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "journal/bundle_codec.h"
#include "journal/keys.h"
#include "journal/row_codec.h"
#include "lmdb/check.h"
#include "lmdb/databases.h"
#include "lmdb/transaction.h"

namespace zcrew::lmdb {

class CheckWalk {
 public:
  CheckWalk(MDB_txn* snapshot, const Databases& databases, CheckReport& report)
      : snapshot_(snapshot), databases_(databases), report_(report) {}

  void everything();

 private:
  // Every table once:
  void meta();
  void queues();
  void ready();
  void bundles();
  void later();
  void where();
  void dead();
  void held();
  void results();
  void results_by_expiry();
  void instances();
  void sessions();
  void blobs();
  void totals();

  void ready_job(std::string_view database, const JobId& id);
  void job(std::string_view database, const JobId& id, const journal::JobView& job);
  void blob(const JobId& id, journal::layout::Part part, std::uint64_t chunks, std::uint64_t bytes);
  [[nodiscard]] std::optional<std::uint64_t> blob_bytes(const JobId& id,
                                                        journal::layout::Part part) const;
  [[nodiscard]] bool there(MDB_dbi database, std::string_view key) const;
  [[nodiscard]] bool bundled(const JobId& id) const;

  // Calls take(key, record) for each row. LMDB's own damage ends this table, not the walk.
  template <typename Take>
  void each(std::string_view name, MDB_dbi database, Take take);
  // The value, or a problem about the record.
  template <typename Value>
  std::optional<Value> value(std::string_view database, std::string_view key,
                             Result<Value, journal::Fault> result);
  void problem(std::string text);
  void problem(std::string_view database, std::string_view key, std::string_view what);

  MDB_txn* snapshot_;
  const Databases& databases_;
  CheckReport& report_;
  journal::Bundle bundle_;
  Sequence sequence_limit_ = 1;
  core::Counters counters_;
  bool counters_known_ = false;
  std::map<QueueNumber, core::QueueCounts> walked_;  // ready includes held
  std::map<QueueNumber, core::QueueCounts> kept_;
  std::map<QueueNumber, std::string> names_;
};

}  // namespace zcrew::lmdb
