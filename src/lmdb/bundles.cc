#include "lmdb/bundles.h"

#include "lmdb/scan.h"

namespace zcrew::lmdb {

namespace layout = journal::layout;

namespace {

bool is_one_lane(const JobId& a, const JobId& b) {
  return a.queue == b.queue && a.priority == b.priority;
}

}  // namespace

Bundles::Bundles(MDB_txn* transaction, MDB_dbi database, BundlesMemory& memory)
    : memory_(memory), in_(transaction, database), out_(transaction, database) {}

std::optional<JobId> Bundles::seek(const JobId& id) {
  if (id > memory_.end || !out_.seek_from(journal::job_key(id).view())) return std::nullopt;
  const auto key = journal::read_job_key(out_.key());
  if (!key) damaged(layout::db::bundles, out_.key(), journal::Fault::shape);
  return is_one_lane(*key, id) ? key : std::nullopt;
}

bool Bundles::covers(const JobId& id) const {
  return open_ && id <= *open_ && memory_.bundle.id(0) <= id;
}

bool Bundles::locate(const JobId& id) {
  if (!covers(id)) {
    flush();
    const auto key = seek(id);
    if (!key) return false;
    memory_.record.assign(out_.value());
    if (const auto fault = memory_.bundle.read(out_.key(), memory_.record))
      damaged(layout::db::bundles, out_.key(), *fault);
    open_ = key;
    found_ = 0;
  }
  const auto found = memory_.bundle.find(id.sequence, found_);
  if (found) found_ = *found;
  return found.has_value();
}

std::optional<journal::JobView> Bundles::find(const JobId& id) {
  if (!locate(id)) return std::nullopt;
  return memory_.bundle.job(found_);
}

void Bundles::erase_found() {
  memory_.bundle.drop(found_++);
  if (memory_.jobs > 0) --memory_.jobs;  // its count was read, and may be damaged
}

bool Bundles::erase(const JobId& id) {
  if (!locate(id)) return false;
  erase_found();
  return true;
}

void Bundles::prove_absent(const JobId& id) {
  flush();
  const auto key = journal::job_key(id);
  if (!out_.seek(key.view())) lmdb::prove_absent(out_, layout::db::bundles, key.view());
}

void Bundles::insert(const journal::BundleDraft& draft) {
  const JobId& last = draft.last();
  const auto key = journal::job_key(last);
  const bool at_end = last > memory_.end;
  char* record =
      in_.reserve(key.view(), draft.record_bytes(), at_end ? MDB_APPEND : MDB_NOOVERWRITE);
  if (record == nullptr) damaged(layout::db::bundles, key.view(), "one behind it is out of order");
  draft.write(key.view(), record);
  memory_.jobs += draft.puts().size();
  if (at_end) memory_.end = last;
}

void Bundles::flush() {
  if (!open_) return;
  const journal::Bundle& bundle = memory_.bundle;
  const auto key = journal::job_key(*open_);
  open_.reset();
  if (bundle.left() == bundle.size()) return;
  if (bundle.left() > 0) {
    bundle.write(key.view(), out_.reserve(key.view(), bundle.record_bytes(), 0));
  } else {
    if (!out_.seek(key.view())) damaged(layout::db::bundles, key.view(), "it is out of order");
    out_.erase();
  }
}

}  // namespace zcrew::lmdb
