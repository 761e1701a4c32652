#include "journal/pending_puts.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace zcrew::journal {
namespace {

// Below so many places it is not worth closing gaps.
constexpr std::size_t gaps_from = 256;

}  // namespace

void PendingPuts::add(core::PutJobs&& jobs, core::JournalSequence first) {
  const Run& added = runs_.emplace_back(std::move(jobs), first);
  places_ += added.size;
  left_ += added.size;
}

// Jobs end in the order they came, mostly: where the last one was, or behind it.
PendingPuts::Run* PendingPuts::find(core::JournalSequence number) {
  for (const std::size_t at : {likely_, likely_ + 1}) {
    if (at >= runs_.size() || !runs_[at].contains(number)) continue;
    likely_ = at;
    return &runs_[at];
  }
  const auto behind = std::upper_bound(
      runs_.begin(), runs_.end(), number,
      [](core::JournalSequence wanted, const Run& run) { return wanted < run.first; });
  if (behind == runs_.begin() || !std::prev(behind)->contains(number)) return nullptr;
  likely_ = static_cast<std::size_t>(std::prev(behind) - runs_.begin());
  return &runs_[likely_];
}

std::optional<std::size_t> PendingPuts::cancel(core::JournalSequence number, const JobId& id) {
  Run* const run = find(number);
  if (run == nullptr) return std::nullopt;
  const std::size_t i = number - run->first;
  if (!run->has(i)) return std::nullopt;
  const JobId& first = run->jobs.first.id;
  ZCREW_CHECK(first.queue == id.queue && first.priority == id.priority &&
              first.sequence + i == id.sequence);
  const std::size_t bytes = run->take_payload(i).size();
  run->remove(i);
  --left_;
  if (run->left == 0) drop_empty();
  if (places_ >= gaps_from && 2 * left_ < places_) compact();
  return bytes;
}

Payload PendingPuts::Run::take_payload(std::size_t i) {
  return std::exchange(i == 0 ? jobs.first.payload : jobs.more[i - 1], {});
}

void PendingPuts::Run::remove(std::size_t i) {
  --left;
  if (left == 0) {
    jobs.more = {};
    gone = {};
  } else if (i != begin) {
    gone.resize(size);
    gone[i] = true;
  } else {
    do ++begin;
    while (!has(begin));
  }
}

core::JournalSequence PendingPuts::oldest() const {
  ZCREW_CHECK(left_ > 0);
  return runs_.front().first + runs_.front().begin;
}

void PendingPuts::drop_empty() {
  while (!runs_.empty() && runs_.front().left == 0) {
    places_ -= runs_.front().size;
    runs_.pop_front();
    if (likely_ > 0) --likely_;
  }
}

// Closes all gaps, so that there are never more than about twice as many places as jobs, however
// many came and went during a commit: what is left of a run becomes runs without gaps.
void PendingPuts::compact() {
  std::deque<Run> whole;
  for (Run& run : runs_) {
    if (run.left == run.size) {
      whole.push_back(std::move(run));
      continue;
    }
    bool goes_on = false;
    for (std::size_t i = run.begin; i < run.size && run.left > 0; ++i) {
      if (!std::exchange(goes_on, run.has(i))) {
        if (goes_on) whole.emplace_back(run.jobs.job(i), run.first + i);
      } else if (goes_on) {
        Run& part = whole.back();
        part.jobs.more.push_back(run.take_payload(i));
        ++part.size;
        ++part.left;
      }
    }
  }
  runs_ = std::move(whole);
  likely_ = 0;
  places_ = left_;
}

void PendingPuts::take(std::vector<core::PutJob>& puts) {
  puts.reserve(puts.size() + left_);
  for (Run& run : runs_) {
    for (std::size_t i = run.begin; i < run.size; ++i) {
      if (!run.has(i)) continue;
      puts.push_back(run.jobs.job(i));
      run.take_payload(i);
    }
  }
  runs_.clear();
  likely_ = places_ = left_ = 0;
}

}  // namespace zcrew::journal
