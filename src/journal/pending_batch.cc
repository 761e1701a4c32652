#include "journal/pending_batch.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/plant.h"
#include "journal/record_codec.h"

namespace zcrew::journal {

namespace {

constexpr std::uint32_t nowhere = 0xFFFFFFFF;

// Below this many records a batch is not worth compacting.
constexpr std::size_t compact_from = 256;

// Vectors of spent records kept for reuse: one is filled while another is committed.
constexpr std::size_t spare_max = 2;

const JobId* put_id(const core::Record& record) {
  if (const auto* put = std::get_if<core::PutJob>(&record)) return &put->id;
  if (const auto* put = std::get_if<core::PutResult>(&record)) return &put->id;
  return nullptr;
}

// Whether a commit may wait for this record to be cancelled, or for company.
bool is_patient(const core::Record& record) {
  return std::holds_alternative<core::PutJob>(record) ||
         std::holds_alternative<core::RemoveJob>(record) ||
         std::holds_alternative<core::PutResult>(record) ||
         std::holds_alternative<core::RemoveResult>(record);
}

}  // namespace

void PendingBatch::add(std::vector<core::Record>& records) {
  ZCREW_CHECK(!full());
  for (core::Record& record : records) {
    ++last_;
    if (cancelled_by(record)) {
      position_.push_back(nowhere);
      continue;
    }
    open_bytes_ += cost_of(record);
    if (!is_patient(record)) ++urgent_;
    ++live_;
    position_.push_back(static_cast<std::uint32_t>(records_.size()));
    numbers_.push_back(last_);
    // Nearly all are puts, and a variant that knows not what it holds moves it by a call.
    if (auto* put = std::get_if<core::PutJob>(&record)) {
      ++jobs_put_;
      records_.emplace_back(std::in_place_type<core::PutJob>, std::move(*put));
    } else {
      records_.push_back(std::move(record));
    }
  }
  records.clear();
  if (live_ == 0)
    forget();
  else if (records_.size() >= compact_from && live_ * 2 < records_.size())
    compact();
}

core::JournalSequence PendingBatch::oldest_put() {
  const auto is_put = [&](std::size_t at) {
    return numbers_[at] != 0 && put_id(records_[at]) != nullptr;
  };
  while (oldest_put_at_ < records_.size() && !is_put(oldest_put_at_)) ++oldest_put_at_;
  return oldest_put_at_ < records_.size() ? numbers_[oldest_put_at_] : last_ + 1;
}

bool PendingBatch::cancelled_by(const core::Record& record) {
  if (const auto* job = std::get_if<core::RemoveJob>(&record))
    return cancels(job->id, job->cancels);
  if (const auto* result = std::get_if<core::RemoveResult>(&record))
    return cancels(result->id, result->cancels);
  return false;
}

// Takes put `number` out of the open batch, if it is here.
bool PendingBatch::cancels(const JobId& id, core::JournalSequence number) {
  if (number < first_) return planted(Bug::cancel_race) && number != 0;
  const std::size_t offset = number - first_;
  if (offset >= position_.size() || position_[offset] == nowhere) return false;
  const std::uint32_t at = position_[offset];
  const JobId* put = put_id(records_[at]);
  ZCREW_CHECK(put != nullptr && *put == id);

  open_bytes_ -= cost_of(records_[at]);
  cancelled_bytes_ += cost_of(records_[at]);
  if (std::holds_alternative<core::PutJob>(records_[at])) --jobs_put_;
  --live_;
  position_[offset] = nowhere;
  if (at + 1U == records_.size()) {
    records_.pop_back();
    numbers_.pop_back();
    oldest_put_at_ = std::min(oldest_put_at_, records_.size());
  } else {
    records_[at].emplace<core::RemoveHeld>();  // lets go of the payload
    numbers_[at] = 0;
  }
  return true;
}

// Closes the gaps that cancelling left, in order: a batch never holds more than about twice what is
// alive in it, however many jobs came and went during a commit.
void PendingBatch::compact() {
  std::size_t to = 0;
  for (std::size_t from = 0; from < records_.size(); ++from) {
    if (numbers_[from] == 0) continue;
    if (to != from) {
      records_[to] = std::move(records_[from]);
      numbers_[to] = numbers_[from];
      position_[numbers_[to] - first_] = static_cast<std::uint32_t>(to);
    }
    ++to;
  }
  records_.resize(to);
  numbers_.resize(to);
  oldest_put_at_ = 0;
  trim();
}

// Forgets where the numbers before the oldest record were, so that a batch which waits while jobs
// come and go does not grow.
void PendingBatch::trim() {
  const auto dead = static_cast<std::ptrdiff_t>(numbers_.front() - first_);
  position_.erase(position_.begin(), position_.begin() + dead);
  first_ += static_cast<core::JournalSequence>(dead);
}

// The open batch is gone: no put in it can be cancelled any more.
void PendingBatch::forget() {
  records_.clear();
  numbers_.clear();
  position_.clear();
  first_ = last_ + 1;
  live_ = urgent_ = 0;
  oldest_put_at_ = 0;
  open_bytes_ = 0;
}

Batch PendingBatch::take(core::Totals totals) {
  ZCREW_CHECK(live_ > 0);
  if (live_ < records_.size()) compact();
  Batch batch;
  batch.records = std::move(records_);
  batch.last = last_;
  batch.totals = std::move(totals);
  batch.bytes = open_bytes_;
  records_ = {};
  if (!spare_.empty()) {
    records_ = std::move(spare_.back());
    spare_.pop_back();
  }
  forget();
  return batch;
}

void PendingBatch::close(core::Totals totals) {
  Batch batch = take(std::move(totals));
  closed_bytes_ += batch.bytes;
  closed_.push_back(std::move(batch));
}

Batch PendingBatch::take_closed() {
  ZCREW_CHECK(!closed_.empty());
  Batch batch = std::move(closed_.front());
  closed_.pop_front();
  closed_bytes_ -= batch.bytes;
  return batch;
}

void PendingBatch::recycle(std::vector<core::Record> spent) {
  if (spare_.size() >= spare_max) return;
  spent.clear();
  spare_.push_back(std::move(spent));
}

}  // namespace zcrew::journal
