#include "journal/pending_batch.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/plant.h"
#include "journal/record_codec.h"

namespace zcrew::journal {

namespace {

constexpr std::uint32_t nowhere = 0xFFFFFFFF;
constexpr std::uint32_t in_changes = 0x80000000;  // else in the puts

// Below this many records a batch is not worth compacting.
constexpr std::size_t compact_from = 256;

// Spent batches kept for their memory: one is filled while another is committed.
constexpr std::size_t spare_max = 2;

// What a cancelled put has allocated goes at once; its place goes when gaps are closed. A job's put
// has nothing but its payload.
void let_go(core::PutJob& put) { put.payload = {}; }
void let_go(core::Record& change) { change = core::Record{}; }

// Whether a commit may wait for this change to be cancelled, or for company.
bool is_patient(const core::Record& change) {
  return std::holds_alternative<core::PutResult>(change) ||
         std::holds_alternative<core::RemoveResult>(change);
}

}  // namespace

void PendingBatch::add(std::vector<core::Record>& records) {
  ZCREW_CHECK(!full());
  for (core::Record& record : records) {
    ++last_;
    if (auto* put = std::get_if<core::PutJob>(&record)) {
      ++jobs_put_;
      add_to(puts_, std::move(*put), 0);
    } else if (const auto* removal = std::get_if<core::RemoveJob>(&record)) {
      add(*removal);
    } else {
      add_change(std::move(record));
    }
  }
  records.clear();
  if (live_ == 0)
    forget();
  else if (stored() >= compact_from && live_ * 2 < stored())
    compact();
}

template <typename T>
void PendingBatch::add_to(Numbered<T>& list, std::type_identity_t<T>&& record,
                          std::uint32_t where) {
  open_bytes_ += cost_of(record);
  ++live_;
  position_.push_back(static_cast<std::uint32_t>(list.records.size()) | where);
  list.records.push_back(std::move(record));
  list.numbers.push_back(last_);
}

void PendingBatch::add(const core::RemoveJob& removal) {
  position_.push_back(nowhere);
  if (cancels_put(removal)) return;
  open_bytes_ += cost_of(removal);
  ++live_;
  removals_.push_back(removal);
}

void PendingBatch::add_change(core::Record&& change) {
  const auto* removal = std::get_if<core::RemoveResult>(&change);
  if (removal != nullptr && cancels_put(*removal)) return position_.push_back(nowhere);
  if (!is_patient(change)) ++urgent_;
  add_to(changes_, std::move(change), in_changes);
}

// The number of the first that is a put of anything, of those not cancelled.
template <typename T>
core::JournalSequence PendingBatch::oldest_put_in(Numbered<T>& list) {
  const auto is_put = [](const T& record) {
    if constexpr (std::is_same_v<T, core::Record>)
      return std::holds_alternative<core::PutResult>(record);
    return true;
  };
  std::size_t& at = list.oldest_put_at;
  while (at < list.records.size() && (list.numbers[at] == 0 || !is_put(list.records[at]))) ++at;
  return at < list.records.size() ? list.numbers[at] : last_ + 1;
}

core::JournalSequence PendingBatch::oldest_put() {
  return std::min(oldest_put_in(puts_), oldest_put_in(changes_));
}

// Takes the put that the removal names out of the open batch, if it is here.
template <typename Removal>
bool PendingBatch::cancels_put(const Removal& removal) {
  constexpr bool of_job = std::is_same_v<Removal, core::RemoveJob>;
  const core::JournalSequence number = removal.cancels;
  if (number < first_) return planted(Bug::cancel_race) && number != 0;
  const std::size_t offset = number - first_;
  if (offset >= position_.size() || position_[offset] == nowhere) return false;
  const std::uint32_t position = std::exchange(position_[offset], nowhere);
  ZCREW_CHECK((position & in_changes) == (of_job ? 0 : in_changes));
  const std::uint32_t at = position & ~in_changes;
  if constexpr (of_job) {
    ZCREW_CHECK(puts_.records[at].id == removal.id);
    --jobs_put_;
    cancel(puts_, at);
  } else {
    ZCREW_CHECK(std::get<core::PutResult>(changes_.records[at]).id == removal.id);
    cancel(changes_, at);
  }
  return true;
}

template <typename T>
void PendingBatch::cancel(Numbered<T>& list, std::uint32_t at) {
  const std::uint64_t bytes = cost_of(list.records[at]);
  open_bytes_ -= bytes;
  cancelled_bytes_ += bytes;
  --live_;
  if (at + 1U == list.records.size()) {
    list.records.pop_back();
    list.numbers.pop_back();
    list.oldest_put_at = std::min(list.oldest_put_at, list.records.size());
  } else {
    let_go(list.records[at]);
    list.numbers[at] = 0;
  }
}

// Closes the gaps that cancelling left, in order: a batch never holds more than about twice what is
// alive in it, however many jobs came and went during a commit.
void PendingBatch::compact() {
  compact(puts_, 0);
  compact(changes_, in_changes);
  trim();
}

template <typename T>
void PendingBatch::compact(Numbered<T>& list, std::uint32_t where) {
  std::size_t to = 0;
  const std::size_t size = list.records.size();
  for (std::size_t from = 0; from < size; ++from) {
    if (list.numbers[from] == 0) continue;
    if (to != from) {
      list.records[to] = std::move(list.records[from]);
      list.numbers[to] = list.numbers[from];
      position_[list.numbers[to] - first_] = static_cast<std::uint32_t>(to) | where;
    }
    ++to;
  }
  list.records.resize(to);
  list.numbers.resize(to);
  list.oldest_put_at = 0;
}

// Forgets where the numbers before the oldest record were. Behind one that waits for long, what
// comes and goes leaves four bytes a number.
void PendingBatch::trim() {
  const auto first_of = [&](const std::vector<core::JournalSequence>& numbers) {
    return numbers.empty() ? last_ + 1 : numbers.front();
  };
  const core::JournalSequence first = std::min(first_of(puts_.numbers), first_of(changes_.numbers));
  position_.erase(position_.begin(),
                  position_.begin() + static_cast<std::ptrdiff_t>(first - first_));
  first_ = first;
}

// The open batch is gone: no put in it can be cancelled any more.
void PendingBatch::forget() {
  puts_.clear();
  changes_.clear();
  removals_.clear();
  position_.clear();
  first_ = last_ + 1;
  live_ = urgent_ = 0;
  open_bytes_ = 0;
}

Batch PendingBatch::take(core::Totals totals) {
  ZCREW_CHECK(live_ > 0);
  if (live_ < stored()) compact();
  Batch batch;
  if (!spare_.empty()) {
    batch = std::move(spare_.back());
    spare_.pop_back();
  }
  batch.puts.swap(puts_.records);
  batch.changes.swap(changes_.records);
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
