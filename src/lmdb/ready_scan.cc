#include "lmdb/ready_scan.h"

#include "journal/keys.h"

namespace zcrew::lmdb {

namespace db = journal::layout::db;
using journal::layout::Kind;

namespace {

// To step over more costs as much as a search.
constexpr unsigned steps_max = 64;

}  // namespace

ReadyScan::ReadyScan(MDB_txn* transaction, const Databases& databases, const JobId& after)
    : after_(after),
      singles_(transaction, databases.ready, db::ready, journal::job_key(after).view()),
      bundles_(transaction, databases.bundles, db::bundles, journal::job_key(after).view()) {
  read_single();
  read_bundle();
  choose();
}

journal::JobView ReadyScan::job() const {
  if (here_ == Here::bundled) return bundle_.job(at_);
  return sound(journal::read_verified_job(Kind::job, singles_.value()), db::ready, singles_.key());
}

void ReadyScan::next() {
  if (here_ == Here::single) {
    singles_.next();
    read_single();
  } else if (++at_ == bundle_.size()) {
    bundles_.next();
    read_bundle();
  }
  choose();
}

// Where a table's scan stands, unless that is in another lane.
std::optional<JobId> ReadyScan::key_of(const Scan& scan, std::string_view name) const {
  if (!scan.there()) return std::nullopt;
  const auto id = journal::read_job_key(scan.key());
  if (!id) damaged(name, scan.key(), journal::Fault::shape);
  if (id->queue != after_.queue || id->priority != after_.priority) return std::nullopt;
  return id;
}

void ReadyScan::read_single() { single_ = key_of(singles_, db::ready); }

// The next bundle that has a job behind the one that was asked for: of the first, those may have
// left.
void ReadyScan::read_bundle() {
  while (const auto key = key_of(bundles_, db::bundles)) {
    if (const auto fault = bundle_.read_verified(bundles_.key(), bundles_.value()))
      damaged(db::bundles, bundles_.key(), *fault);
    if (bundle_.id(0) <= before_) damaged(db::bundles, bundles_.key(), "it overlaps another");
    before_ = *key;
    at_ = bundle_.above(after_.sequence);
    if (at_ < bundle_.size()) return;
    bundles_.next();
  }
  bundle_ = {};
  at_ = 0;
}

void ReadyScan::choose() {
  const bool bundled = at_ < bundle_.size();
  here_ = bundled ? Here::bundled : single_ ? Here::single : Here::nowhere;
  if (here_ == Here::nowhere) return;
  id_ = bundled ? bundle_.id(at_) : *single_;
  if (!bundled || !single_) return;
  if (*single_ == id_) damaged(db::ready, singles_.key(), "it is in a bundle too");
  if (*single_ > id_) return;
  here_ = Here::single;
  id_ = *single_;
}

// ---- single jobs ----

std::optional<journal::JobView> ReadySearch::find(const JobId& id) {
  if (!scan_ || !reach(id)) {
    const Sequence before = id.sequence == 0 ? 0 : id.sequence - 1;
    scan_.emplace(transaction_, databases_, JobId{id.queue, id.priority, before});
  }
  last_ = id;
  if (!scan_->there() || scan_->id() != id) return std::nullopt;
  return scan_->job();
}

// Whether the scan has come to the job, or to where it would be.
bool ReadySearch::reach(const JobId& id) {
  if (id < last_ || id.queue != last_.queue || id.priority != last_.priority) return false;
  for (unsigned steps = 0; scan_->there() && scan_->id() < id; ++steps) {
    if (steps == steps_max) return false;
    scan_->next();
  }
  return true;
}

}  // namespace zcrew::lmdb
