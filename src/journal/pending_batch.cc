#include "journal/pending_batch.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/plant.h"
#include "journal/record_codec.h"

namespace zcrew::journal {

namespace {

// Below so many changes it is not worth closing gaps.
constexpr std::size_t compact_from = 256;

// Spent batches kept for their memory: one is filled while another is committed.
constexpr std::size_t spare_max = 2;

// Whether a commit may wait for this change to be cancelled, or for company.
bool is_patient(const core::Record& change) {
  return std::holds_alternative<core::PutResult>(change) ||
         std::holds_alternative<core::RemoveResult>(change);
}

}  // namespace

void PendingBatch::add(std::vector<core::Record>& records) {
  ZCREW_CHECK(!full());
  for (core::Record& record : records) {
    if (auto* puts = std::get_if<core::PutJobs>(&record)) {
      for (std::size_t i = 0; i < puts->count(); ++i)
        open_bytes_ += cost_of_put(puts->payload(i).size());
      live_ += puts->count();
      jobs_put_ += puts->count();
      const core::JournalSequence first = last_ + 1;
      last_ += puts->count();
      puts_.add(std::move(*puts), first);
    } else if (const auto* removals = std::get_if<core::RemoveJobs>(&record)) {
      for (std::uint32_t i = 0; i < removals->count; ++i) add(removals->job(i));
    } else {
      add_change(std::move(record));
    }
  }
  records.clear();
  if (live_ == 0) forget();
}

void PendingBatch::add(const core::RemoveJob& removal) {
  ++last_;
  if (cancels_put(removal)) return;
  open_bytes_ += cost_of(removal);
  ++live_;
  removals_.push_back(removal);
}

void PendingBatch::add_change(core::Record&& change) {
  ++last_;
  const auto* removal = std::get_if<core::RemoveResult>(&change);
  if (removal != nullptr && cancels_put(*removal)) return;
  if (!is_patient(change)) ++urgent_;
  open_bytes_ += cost_of(change);
  ++live_;
  ++changing_;
  changes_.push_back(std::move(change));
  change_numbers_.push_back(last_);
}

core::JournalSequence PendingBatch::oldest_put() {
  const core::JournalSequence result = oldest_result();
  return puts_.size() > 0 ? std::min(puts_.oldest(), result) : result;
}

core::JournalSequence PendingBatch::oldest_result() {
  std::size_t& at = oldest_result_at_;
  while (at < changes_.size() && !std::holds_alternative<core::PutResult>(changes_[at])) ++at;
  return at < changes_.size() ? change_numbers_[at] : last_ + 1;
}

// Takes the put that the removal names out of the open batch, if it is here.
bool PendingBatch::cancels_put(const core::RemoveJob& removal) {
  if (removal.cancels < first_) return planted(Bug::cancel_race) && removal.cancels != 0;
  const auto payload_bytes = puts_.cancel(removal.cancels, removal.id);
  if (!payload_bytes) return false;
  --jobs_put_;
  count_cancelled(cost_of_put(*payload_bytes));
  return true;
}

bool PendingBatch::cancels_put(const core::RemoveResult& removal) {
  if (removal.cancels < first_) return planted(Bug::cancel_race) && removal.cancels != 0;
  const auto found =
      std::lower_bound(change_numbers_.begin(), change_numbers_.end(), removal.cancels);
  if (found == change_numbers_.end() || *found != removal.cancels) return false;
  core::Record& change = changes_[static_cast<std::size_t>(found - change_numbers_.begin())];
  const auto* put = std::get_if<core::PutResult>(&change);
  if (put == nullptr) return false;  // cancelled before
  ZCREW_CHECK(put->id == removal.id);
  count_cancelled(cost_of(change));
  change = core::Record{};
  --changing_;
  if (changes_.size() >= compact_from && 2 * changing_ < changes_.size()) compact_changes();
  return true;
}

void PendingBatch::count_cancelled(std::uint64_t bytes) {
  open_bytes_ -= bytes;
  cancelled_bytes_ += bytes;
  --live_;
}

// Closes the gaps that cancelling left, in order: a batch never holds more than about twice what is
// alive in it, however many jobs came and went during a commit.
void PendingBatch::compact_changes() {
  std::size_t to = 0;
  for (std::size_t from = 0; from < changes_.size(); ++from) {
    if (std::holds_alternative<core::PutJobs>(changes_[from])) continue;
    if (to != from) {
      changes_[to] = std::move(changes_[from]);
      change_numbers_[to] = change_numbers_[from];
    }
    ++to;
  }
  changes_.resize(to);
  change_numbers_.resize(to);
  oldest_result_at_ = 0;
}

// The open batch is gone: no put in it can be cancelled any more.
void PendingBatch::forget() {
  changes_.clear();
  change_numbers_.clear();
  removals_.clear();
  oldest_result_at_ = 0;
  first_ = last_ + 1;
  live_ = changing_ = urgent_ = 0;
  open_bytes_ = 0;
}

Batch PendingBatch::take(core::Totals totals) {
  ZCREW_CHECK(live_ > 0);
  if (changing_ < changes_.size()) compact_changes();
  Batch batch;
  if (!spare_.empty()) {
    batch = std::move(spare_.back());
    spare_.pop_back();
  }
  puts_.take(batch.puts);
  batch.changes.swap(changes_);
  batch.removals.swap(removals_);
  batch.last = last_;
  batch.totals = std::move(totals);
  batch.bytes = open_bytes_;
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

void PendingBatch::recycle(Batch spent) {
  if (spare_.size() >= spare_max) return;
  spent.puts.clear();
  spent.changes.clear();
  spent.removals.clear();
  spare_.push_back(std::move(spent));
}

}  // namespace zcrew::journal
