#include "lmdb/snapshot.h"

#include <utility>

#include "journal/keys.h"
#include "lmdb/blobs.h"
#include "lmdb/scan.h"

namespace zcrew::lmdb {

using core::Place;
using journal::JobView;
using journal::layout::Kind;
using journal::layout::Part;
namespace db = journal::layout::db;

namespace {

// From so many jobs on, a page gets room for as many as it may have.
constexpr std::size_t long_page = 64;

core::LoadedJob loaded(const JobId& id, Place place, WallTime due, const JobView& job,
                       PayloadCopies& copies) {
  core::LoadedJob out;
  out.id = id;
  out.place = place;
  out.due = due;
  out.header = job.header;
  out.payload_bytes = job.payload_bytes;
  out.payload = copies.copy_of(job.payload);
  return out;
}

JobId id_of_key(std::string_view database, std::string_view key) {
  const auto id = journal::read_job_key(key);
  if (!id) damaged(database, key, journal::Fault::shape);
  return *id;
}

journal::DueKey due_of_key(std::string_view database, std::string_view key) {
  const auto due = journal::read_due_key(key);
  if (!due) damaged(database, key, journal::Fault::shape);
  return *due;
}

}  // namespace

core::JournalSequence Snapshot::as_of(Epoch epoch) const {
  constexpr std::string_view key = journal::layout::commit_row;
  const auto record = get(transaction_.get(), databases_.meta, key);
  if (!record) damaged(db::meta, key, "it is missing");
  const auto row = sound(journal::read_commit(*record), db::meta, key);
  return row.epoch == epoch ? row.sequence : 0;
}

// ---- pages ----

void Snapshot::read_ready(const core::ReadReady& request, core::ReadyPage& page) const {
  ReadyScan scan(transaction_.get(), databases_, {request.queue, request.priority, request.after});
  PayloadCopies copies;
  std::size_t bytes = 0;
  for (;; scan.next()) {
    page.reached_end = true;
    if (!scan.there()) return;
    if (request.before != 0 && scan.id().sequence >= request.before) return;
    page.reached_end = false;
    if (page.jobs.size() >= request.jobs_max) return;
    const JobView job = scan.job();
    bytes += limits::job_record_bytes + job.payload.size();
    if (!page.jobs.empty() && bytes > request.bytes_max) return;
    // Most pages are short ones of many queues, or full.
    if (page.jobs.size() == long_page) page.jobs.reserve(request.jobs_max);
    page.jobs.push_back(loaded(scan.id(), Place::ready, {}, job, copies));
  }
}

void Snapshot::read_later(const core::ReadLater& request, core::LaterPage& page) const {
  const auto after = journal::due_key(request.after_due, request.after_id);
  Scan scan(transaction_.get(), databases_.later, db::later, after.view());
  PayloadCopies copies;
  for (;; scan.next()) {
    page.reached_end = true;
    if (!scan.there()) return;
    const journal::DueKey key = due_of_key(db::later, scan.key());
    if (key.due > request.until) return;
    page.reached_end = false;
    if (page.jobs.size() >= request.jobs_max) return;
    const JobView job =
        sound(journal::read_verified_job(Kind::job, scan.value()), db::later, scan.key());
    page.jobs.push_back(loaded(key.id, Place::later, key.due, job, copies));
  }
}

journal::DeadPage Snapshot::read_dead(QueueNumber queue, const JobId& after,
                                      std::uint32_t letters_max) const {
  journal::DeadPage page;
  const auto from = journal::job_key(std::max(after, JobId{queue, 0, 0}));
  Scan scan(transaction_.get(), databases_.dead, db::dead, from.view());
  for (;; scan.next()) {
    page.reached_end = true;
    if (!scan.there()) return page;
    const JobId id = id_of_key(db::dead, scan.key());
    if (queue != 0 && id.queue != queue) return page;
    page.reached_end = false;
    if (page.letters.size() >= letters_max) return page;
    const JobView job =
        sound(journal::read_verified_job(Kind::dead, scan.value()), db::dead, scan.key());
    page.letters.push_back({id, job.header, std::string(job.reason), job.died_at, job.payload_bytes,
                            sound(journal::read_history(job), db::dead, scan.key())});
  }
}

std::vector<JobId> Snapshot::expired_results(WallTime until, std::uint32_t results_max) const {
  std::vector<JobId> expired;
  Scan scan(transaction_.get(), databases_.results_by_expiry, db::results_by_expiry);
  for (; scan.there() && expired.size() < results_max; scan.next()) {
    const journal::DueKey key = due_of_key(db::results_by_expiry, scan.key());
    if (key.due > until) break;
    expired.push_back(key.id);
  }
  return expired;
}

// ---- one job, one result ----

Snapshot::Found Snapshot::find(const JobId& id) {
  MDB_txn* transaction = transaction_.get();
  const auto key = journal::job_key(id);
  if (const auto record = get(transaction, databases_.ready, key.view()))
    return {Place::ready,
            {},
            sound(journal::read_job(Kind::job, key.view(), *record), db::ready, key.view())};
  if (const auto job = ready_.find(id)) return {Place::ready, {}, *job};
  if (const auto record = lmdb::find(transaction, databases_.where, db::where, key.view())) {
    const WallTime due = sound(journal::read_due(key.view(), *record), db::where, key.view());
    const auto later = journal::due_key(due, id);
    const auto job = get(transaction, databases_.later, later.view());
    if (!job) damaged(db::later, later.view(), "it is missing");
    return {Place::later, due,
            sound(journal::read_job(Kind::job, later.view(), *job), db::later, later.view())};
  }
  if (const auto record = lmdb::find(transaction, databases_.dead, db::dead, key.view()))
    return {Place::dead,
            {},
            sound(journal::read_job(Kind::dead, key.view(), *record), db::dead, key.view())};
  return {};
}

core::LoadedJob Snapshot::load(const JobId& id) {
  const Found found = find(id);
  PayloadCopies copies;
  return loaded(id, found.place, found.due, found.job, copies);
}

core::PayloadLoaded Snapshot::load_payload(const JobId& id) {
  const Found found = find(id);
  if (found.place == Place::none) return {id, {}, false};
  if (!found.job.payload_in_blobs()) return {id, Payload::copy_of(found.job.payload), true};
  Cursor blobs(transaction_.get(), databases_.blobs);
  return {id, Payload::copy_of(read_blob(blobs, id, Part::payload, found.job.payload_bytes)), true};
}

core::LoadedResult Snapshot::load_result(const JobId& id) {
  core::LoadedResult out;
  out.id = id;
  const auto key = journal::job_key(id);
  const auto record = lmdb::find(transaction_.get(), databases_.results, db::results, key.view());
  if (!record) {
    out.place = find(id).place;
    return out;
  }
  const journal::ResultView found =
      sound(journal::read_result(key.view(), *record), db::results, key.view());
  out.found = true;
  out.result.id = id;
  out.result.end = found.end;
  out.result.attempts = found.attempts;
  out.result.origin = found.origin;
  out.result.worker = found.worker;
  out.result.reason = found.reason;
  out.result.expires_at = found.expires_at;
  if (found.bytes_in_blobs()) {
    Cursor blobs(transaction_.get(), databases_.blobs);
    out.result.bytes = Payload::copy_of(read_blob(blobs, id, Part::result, found.result_bytes));
  } else {
    out.result.bytes = Payload::copy_of(found.bytes);
  }
  return out;
}

}  // namespace zcrew::lmdb
