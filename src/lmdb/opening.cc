#include "lmdb/opening.h"

#include <cerrno>
#include <utility>

#include "journal/keys.h"
#include "journal/row_codec.h"
#include "lmdb/meta_pages.h"
#include "lmdb/scan.h"

namespace zcrew::lmdb {

using journal::OpenError;
using journal::OpenFailure;
namespace db = journal::layout::db;

namespace {

[[noreturn]] void refuse_lost(const std::string& what) {
  throw OpenError(OpenFailure::corrupt, what);
}

[[noreturn]] void refuse_foreign(const Directory& directory) {
  throw OpenError(OpenFailure::not_a_journal,
                  directory.path() + "/data.mdb is not a zcrew journal. Give another directory");
}

[[noreturn]] void refuse(const Directory& directory, int code) {
  switch (code) {
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
      if (directory.marked()) refuse_lost("data.mdb does not begin as it should");
      refuse_foreign(directory);
    case ENOMEM:
      throw OpenError(OpenFailure::io, "cannot open the journal " + directory.path() +
                                           ": no address space for " +
                                           std::to_string(map_bytes >> 30U) +
                                           " GiB. Lift the limit (ulimit -v unlimited)");
    default:
      throw OpenError(OpenFailure::io, "cannot open the journal " + directory.path() + ": " +
                                           mdb_strerror(code) +
                                           ". Its directory must be writable and on a local disk");
  }
}

// What became of opening data.mdb; only with code 0 and all its pages it can be used.
struct Attempt {
  std::unique_ptr<Environment> environment = std::make_unique<Environment>();
  int code = 0;
  bool complete = false;
};

Attempt try_to_open(const Directory& directory) {
  Attempt attempt;
  attempt.code = Environment::open(directory.path(), *attempt.environment);
  attempt.complete = attempt.code == 0 && settle_length(*attempt.environment);
  return attempt;
}

}  // namespace

OpenedFile open_file(const std::string& path, bool make) {
  OpenedFile opened;
  opened.directory = std::make_unique<Directory>(path, make);
  const Directory& directory = *opened.directory;
  if (!directory.has_content()) {
    if (directory.marked()) refuse_lost("data.mdb is missing or empty");
    if (!make) refuse_no_journal(path);
  } else if (directory.marked()) {
    const std::string fault = fault_of_meta_pages(path + "/data.mdb");
    if (!fault.empty()) refuse_lost(fault);
  }
  Attempt attempt = try_to_open(directory);
  const bool torn = attempt.code == MDB_INVALID || (attempt.code == 0 && !attempt.complete);
  if (torn && make && directory.begun()) {
    directory.set_aside();
    attempt = try_to_open(directory);
  }
  if (attempt.code != 0) refuse(directory, attempt.code);
  if (!attempt.complete) refuse_lost("data.mdb is cut short");
  opened.environment = std::move(attempt.environment);
  return opened;
}

std::optional<std::uint32_t> format_of(const Directory& directory, MDB_txn* transaction) {
  std::uint32_t format = 0;
  switch (identify(transaction, format)) {
    case Identity::journal:
      return format;
    case Identity::empty:
      if (directory.marked()) refuse_lost("data.mdb is empty");
      return std::nullopt;
    case Identity::newer:
      throw OpenError(OpenFailure::newer_version,
                      "the journal " + directory.path() + " has format " + std::to_string(format) +
                          ", made by a newer zcrew; this one reads up to format " +
                          std::to_string(journal::layout::format_version) +
                          ". Use the newer zcrew");
    case Identity::damaged:
      if (directory.marked()) refuse_lost("its format row is wrong");
      [[fallthrough]];
    case Identity::foreign:
      break;
  }
  if (directory.marked()) refuse_lost("its format row is missing");
  refuse_foreign(directory);
}

// ---- the small tables ----

namespace {

// Calls take(key, record) for each row, in the order of keys.
template <typename Take>
void each_row(MDB_txn* transaction, MDB_dbi database, std::string_view name, Take take) {
  for (Scan scan(transaction, database, name); scan.there(); scan.next())
    take(scan.key(), scan.value());
}

std::string_view meta_row(MDB_txn* transaction, const Databases& databases, std::string_view key) {
  const auto record = get(transaction, databases.meta, key);
  if (!record) damaged(db::meta, key, "it is missing");
  return *record;
}

core::RecoveredQueue recovered_queue(MDB_txn* transaction, const Databases& databases,
                                     std::string_view key, std::string_view record) {
  core::RecoveredQueue queue;
  const auto number = journal::read_queue_key(key);
  if (!number) damaged(db::queues, key, journal::Fault::shape);
  queue.number = *number;
  queue.settings = sound(journal::read_queue(key, record), db::queues, key);
  if (const auto counts = find(transaction, databases.counts, db::counts, key))
    queue.counts = sound(journal::read_counts(key, *counts), db::counts, key);
  return queue;
}

}  // namespace

core::Recovered recover_meta(MDB_txn* transaction, const Databases& databases) {
  namespace layout = journal::layout;
  core::Recovered out;
  const auto meta = [&](std::string_view key) { return meta_row(transaction, databases, key); };
  out.epoch = 1 + sound(journal::read_epoch(meta(layout::epoch_row)), db::meta, layout::epoch_row);
  out.sequence_limit =
      sound(journal::read_sequences(meta(layout::sequences_row)), db::meta, layout::sequences_row);
  out.counters =
      sound(journal::read_commit(meta(layout::commit_row)), db::meta, layout::commit_row).counters;
  return out;
}

void recover_tables(MDB_txn* transaction, const Databases& databases, core::Recovered& out) {
  each_row(transaction, databases.queues, db::queues,
           [&](std::string_view key, std::string_view record) {
             out.queues.push_back(recovered_queue(transaction, databases, key, record));
           });
  each_row(
      transaction, databases.instances, db::instances,
      [&](std::string_view key, std::string_view record) {
        out.instances.push_back(sound(journal::read_instance(key, record), db::instances, key));
      });
  each_row(transaction, databases.held, db::held,
           [&](std::string_view key, std::string_view record) {
             out.held.push_back(sound(journal::read_held(key, record), db::held, key));
           });
  each_row(transaction, databases.sessions, db::sessions,
           [&](std::string_view key, std::string_view record) {
             out.sessions.push_back(sound(journal::read_session(key, record), db::sessions, key));
           });
  each_row(transaction, databases.results, db::results,
           [&](std::string_view key, std::string_view /*record*/) {
             const auto id = journal::read_job_key(key);
             if (!id) damaged(db::results, key, journal::Fault::shape);
             out.results.push_back(*id);
           });
}

}  // namespace zcrew::lmdb
