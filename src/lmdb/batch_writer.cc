#include "lmdb/batch_writer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "journal/keys.h"
#include "journal/row_codec.h"
#include "lmdb/blobs.h"
#include "lmdb/scan.h"

namespace zcrew::lmdb {

using core::Place;
using journal::JobView;
using journal::layout::Kind;
using journal::layout::Part;
namespace db = journal::layout::db;

namespace {

[[noreturn]] void misplaced(const JobId& id, std::string_view database) {
  throw journal::JournalError("job " + to_text(id) + " is not in `" + std::string(database) +
                              "`, where the router believes it is. This is a bug in zcrew; a "
                              "restart on the same journal is safe");
}

std::string_view name_of(Place place) {
  return place == Place::later ? db::later : place == Place::dead ? db::dead : db::ready;
}

[[noreturn]] void put_twice(std::string_view key) {
  throw journal::JournalError("job " + text_of_key(key) +
                              " was put twice. This is a bug in zcrew; a restart on the same "
                              "journal is safe");
}

// Writes a job under a key that must be new.
void insert(Cursor& cursor, Kind kind, std::string_view key, const JobView& job, unsigned flags) {
  char* record = cursor.reserve(key, journal::job_record_size(kind, job), flags);
  if (record == nullptr) put_twice(key);
  journal::write_job(kind, key, job, record);
}

// The order of ids, which jobs of one queue have anyhow, finds what belongs together.
template <typename Record>
void sort_by_id(const std::vector<Record>& records, WriterMemory::Sorted<Record>& sorted) {
  const auto is_before = [](const auto& a, const auto& b) { return a.first < b.first; };
  sorted.clear();
  for (const Record& record : records) sorted.emplace_back(record.id, &record);
  if (!std::is_sorted(sorted.begin(), sorted.end(), is_before))
    std::sort(sorted.begin(), sorted.end(), is_before);
}

bool any_rows(MDB_txn* transaction, MDB_dbi database) {
  MDB_stat stat{};
  check("read the journal", mdb_stat(transaction, database, &stat));
  return stat.ms_entries > 0;
}

}  // namespace

BatchWriter::BatchWriter(MDB_txn* transaction, const Databases& databases, WriterMemory& memory)
    : transaction_(transaction),
      databases_(databases),
      memory_(memory),
      any_held_(any_rows(transaction, databases.held)),
      ready_in_(transaction, databases.ready),
      ready_out_(transaction, databases.ready),
      bundles_(transaction, databases.bundles, memory.bundles),
      later_(transaction, databases.later),
      dead_(transaction, databases.dead),
      blobs_(transaction, databases.blobs),
      results_(transaction, databases.results) {}

void BatchWriter::write(const journal::Batch& batch, Epoch epoch) {
  put_jobs(batch.puts);
  for (const core::Record& change : batch.changes) journal::visit_change(change, *this);
  remove_jobs(batch.removals);
  bundles_.flush();
  for (const core::PutSession& session : batch.totals.sessions) {
    const auto key = journal::uuid_key(session.session);
    put(transaction_, databases_.sessions, key.view(), journal::write_session(key.view(), session));
  }
  for (const auto& [number, counts] : batch.totals.changed) {
    const auto key = journal::queue_key(number);
    put(transaction_, databases_.counts, key.view(), journal::write_counts(key.view(), counts));
  }
  put(transaction_, databases_.meta, journal::layout::commit_row,
      journal::write_commit({epoch, batch.last, batch.totals.counters}));
}

// ---- finding and placing jobs ----

JobView BatchWriter::find(const JobId& id, Place place, WallTime due) {
  ZCREW_CHECK(place != Place::none);
  if (place == Place::ready) return find_ready(id);
  const auto job = journal::job_key(id);
  const auto later = journal::due_key(due, id);
  const std::string_view key = place == Place::later ? later.view() : job.view();
  Cursor& cursor = place == Place::later ? later_ : dead_;
  if (!cursor.seek(key)) {
    prove_absent(cursor, name_of(place), key);
    misplaced(id, name_of(place));
  }
  const Kind kind = place == Place::dead ? Kind::dead : Kind::job;
  return sound(journal::read_job(kind, key, cursor.value()), name_of(place), key);
}

// Looks first where the last one was: a search in the other table is for nothing.
JobView BatchWriter::find_ready(const JobId& id) {
  const auto key = journal::job_key(id);
  if (bundled_) {
    if (const auto job = bundles_.find(id)) return *job;
  }
  if (ready_out_.seek(key.view())) {
    bundled_ = false;
    return sound(journal::read_job(Kind::job, key.view(), ready_out_.value()), db::ready,
                 key.view());
  }
  if (!std::exchange(bundled_, true)) {
    if (const auto job = bundles_.find(id)) return *job;
  }
  prove_absent(ready_out_, db::ready, key.view());
  bundles_.prove_absent(id);
  misplaced(id, db::ready);
}

// The job that was found goes from its place, and with it what only that place has.
void BatchWriter::erase_found(const JobId& id, Place place) {
  const auto key = journal::job_key(id);
  switch (place) {
    case Place::ready:
      bundled_ ? bundles_.erase_found() : ready_out_.erase();
      erase_held(id);
      break;
    case Place::later:
      later_.erase();
      if (!erase(transaction_, databases_.where, key.view()))
        damaged(db::where, key.view(), "it is missing");
      break;
    case Place::dead:
      dead_.erase();
      break;
    case Place::none:
      ZCREW_CHECK(false);
  }
}

// A job on its way to another place: its bytes move to our memory first, because LMDB's page is
// gone with the next change.
JobView BatchWriter::take(const JobId& id, Place place, WallTime due) {
  const JobView found = find(id, place, due);
  memory_.record.assign(found.history);
  memory_.record.append(found.payload);
  JobView job = found;
  job.history = std::string_view(memory_.record).substr(0, found.history.size());
  job.payload = std::string_view(memory_.record).substr(found.history.size());
  job.reason = {};
  erase_found(id, place);
  return job;
}

void BatchWriter::place_ready(const JobId& id, const JobView& job) {
  if (id.sequence <= memory_.newest && bundles_.find(id)) put_twice(journal::job_key(id).view());
  const bool at_end = id > memory_.ready_end;
  insert(ready_in_, Kind::job, journal::job_key(id).view(), job,
         at_end ? MDB_APPEND : MDB_NOOVERWRITE);
  if (at_end) memory_.ready_end = id;
}

void BatchWriter::place_later(const JobId& id, WallTime due, const JobView& job) {
  insert(later_, Kind::job, journal::due_key(due, id).view(), job, MDB_NOOVERWRITE);
  const auto key = journal::job_key(id);
  put(transaction_, databases_.where, key.view(), journal::write_due(key.view(), due));
}

void BatchWriter::place_dead(const JobId& id, const JobView& job) {
  insert(dead_, Kind::dead, journal::job_key(id).view(), job, MDB_NOOVERWRITE);
}

// ---- jobs ----

void BatchWriter::put_jobs(const std::vector<core::PutJob>& puts) {
  sort_by_id(puts, memory_.puts);
  const auto twice =
      std::adjacent_find(memory_.puts.begin(), memory_.puts.end(),
                         [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice != memory_.puts.end()) put_twice(journal::job_key(twice->first).view());
  journal::BundleDraft draft;
  for (const auto& [id, put] : memory_.puts) {
    const bool suits = journal::BundleDraft::suits(*put);
    if (suits && draft.add(*put)) continue;
    put_together(draft);
    if (suits)
      draft.add(*put);
    else
      (*this)(*put);
  }
  put_together(draft);
  for (const core::PutJob& put : puts) memory_.newest = std::max(memory_.newest, put.id.sequence);
}

// Newer than all others, they lie behind those of their queue and priority: a bundle of older ones
// might lie across another.
void BatchWriter::put_together(journal::BundleDraft& draft) {
  if (draft.puts().size() > 1 && draft.first().sequence > memory_.newest) {
    bundles_.insert(draft);
  } else {
    for (const core::PutJob* put : draft.puts()) (*this)(*put);
  }
  draft.clear();
}

void BatchWriter::operator()(const core::PutJob& put) {
  const JobView job = journal::view_of(put);
  if (put.due == WallTime{})
    place_ready(put.id, job);
  else
    place_later(put.id, put.due, job);
  if (job.payload_in_blobs()) write_blob(blobs_, put.id, Part::payload, put.payload.view());
}

void BatchWriter::remove_jobs(const std::vector<core::RemoveJob>& removals) {
  sort_by_id(removals, memory_.removals);
  for (const auto& [id, removal] : memory_.removals) (*this)(*removal);
}

void BatchWriter::operator()(const core::RemoveJob& removal) {
  if (removal.place == Place::ready && bundled_) {
    if (bundles_.erase(removal.id)) return erase_held(removal.id);
    bundled_ = false;
  }
  const JobView job = find(removal.id, removal.place, removal.due);
  erase_found(removal.id, removal.place);
  if (job.payload_in_blobs()) erase_blob(blobs_, removal.id, Part::payload, job.payload_bytes);
}

void BatchWriter::operator()(const core::MoveToLater& move) {
  JobView job = take(move.id, Place::ready, {});
  job.header = move.header;
  journal::append_history(job, move.entry, memory_.history);
  place_later(move.id, move.due, job);
}

void BatchWriter::operator()(const core::MoveToReady& move) {
  place_ready(move.id, take(move.id, Place::later, move.due));
}

void BatchWriter::operator()(const core::MoveToDead& move) {
  JobView job = take(move.id, move.place, move.due);
  job.header = move.header;
  job.died_at = move.died_at;
  job.reason = move.reason;
  journal::append_history(job, move.entry, memory_.history);
  place_dead(move.id, job);
}

void BatchWriter::operator()(const core::Redrive& redrive) {
  JobView job = take(redrive.id, Place::dead, {});
  job.header = redrive.header;
  journal::append_history(job, redrive.entry, memory_.history);
  place_ready(redrive.id, job);
}

void BatchWriter::operator()(const core::UpdateJob& update) {
  JobView job = find(update.id, Place::ready, {});
  memory_.record.assign(job.history);
  memory_.record.append(job.payload);
  job.payload = std::string_view(memory_.record).substr(job.history.size());
  job.history = std::string_view(memory_.record).substr(0, job.history.size());
  job.header = update.header;
  journal::append_history(job, update.entry, memory_.history);
  if (bundled_) {
    bundles_.erase_found();
    return place_ready(update.id, job);
  }
  const auto key = journal::job_key(update.id);
  char* record = ready_out_.reserve(key.view(), journal::job_record_size(Kind::job, job), 0);
  journal::write_job(Kind::job, key.view(), job, record);
}

// ---- rows ----

void BatchWriter::operator()(const core::PutHeld& held) {
  const auto key = journal::job_key(held.token.job);
  put(transaction_, databases_.held, key.view(), journal::write_held(key.view(), held));
  any_held_ = true;
}

void BatchWriter::operator()(const core::RemoveHeld& remove) { erase_held(remove.id); }

void BatchWriter::erase_held(const JobId& id) {
  if (any_held_) erase(transaction_, databases_.held, journal::job_key(id).view());
}

void BatchWriter::operator()(const core::PutInstance& instance) {
  const auto key = journal::uuid_key(instance.instance);
  put(transaction_, databases_.instances, key.view(),
      journal::write_instance(key.view(), instance));
}

void BatchWriter::operator()(const core::RemoveInstance& remove) {
  erase(transaction_, databases_.instances, journal::uuid_key(remove.instance).view());
}

void BatchWriter::operator()(const core::RemoveSession& remove) {
  erase(transaction_, databases_.sessions, journal::uuid_key(remove.session).view());
}

void BatchWriter::operator()(const core::PutQueue& queue) {
  const auto key = journal::queue_key(queue.number);
  put(transaction_, databases_.queues, key.view(),
      journal::write_queue(key.view(), queue.settings));
}

void BatchWriter::operator()(const core::ReserveSequences& reserve) {
  if (reserve.limit <= memory_.sequence_limit) return;
  put(transaction_, databases_.meta, journal::layout::sequences_row,
      journal::write_sequences(reserve.limit));
  memory_.sequence_limit = reserve.limit;
}

// ---- results ----

void BatchWriter::operator()(const core::PutResult& result) {
  erase_result(result.id);
  const auto key = journal::job_key(result.id);
  const journal::ResultView view = journal::view_of(result);
  put(transaction_, databases_.results, key.view(), journal::write_result(key.view(), view));
  const auto index = journal::due_key(result.expires_at, result.id);
  put(transaction_, databases_.results_by_expiry, index.view(), journal::write_index(index.view()));
  if (view.bytes_in_blobs()) write_blob(blobs_, result.id, Part::result, result.bytes.view());
}

void BatchWriter::operator()(const core::RemoveResult& remove) { erase_result(remove.id); }

bool BatchWriter::erase_result(const JobId& id) {
  const auto key = journal::job_key(id);
  if (!results_.seek(key.view())) return false;
  const journal::ResultView result =
      sound(journal::read_result(key.view(), results_.value()), db::results, key.view());
  results_.erase();
  const auto index = journal::due_key(result.expires_at, id);
  if (!erase(transaction_, databases_.results_by_expiry, index.view()))
    damaged(db::results_by_expiry, index.view(), "it is missing");
  if (result.bytes_in_blobs()) erase_blob(blobs_, id, Part::result, result.result_bytes);
  return true;
}

}  // namespace zcrew::lmdb
