#include "journal/commit_pace.h"

#include <algorithm>

namespace zcrew::journal {
namespace {

// The rate is taken over this long at least, a few dozen turns of a busy loop, and forgets what is
// older than a few times this.
constexpr Duration window_min = Milliseconds{4};
constexpr std::uint64_t windows_kept = 8;

// Commits of so few records show what the sync costs.
constexpr std::size_t few_records = 16;

// What a written job costs, all in all: `zcrew bench --backlog 50000` gets through 100,000 (a busy
// machine of two cores) to 300,000 jobs a second, each of them written, read back and removed.
constexpr Duration written_job{10};

// A put that has waited for so many mean lifetimes is not about to end, …
constexpr int lifetimes = 3;
// … and nobody's confirm waits longer than this for a commit to begin.
constexpr Duration put_wait_max = Milliseconds{400};

// Counters, sessions and removals (only their worker's SETTLED hangs on them) are to be on disk
// within about a second whatever comes and goes.
constexpr Duration commit_interval_max = std::chrono::seconds{1};

std::uint64_t per_second(std::uint64_t count, Duration time) {
  const auto us = static_cast<std::uint64_t>(time.count());
  return count / us * 1000000 + count % us * 1000000 / us;  // count * 1000000 may be too much
}

// What was, with so many eighths of it replaced by what is.
std::uint64_t blend(std::uint64_t was, std::uint64_t is, std::uint64_t eighths) {
  return ((windows_kept - eighths) * was + eighths * is) / windows_kept;
}

}  // namespace

void CommitPace::observe(Instant now, core::JournalSequence last, const core::Load& load) {
  // Nothing comes or goes between two turns.
  if (now_ != Instant{}) lived_us_ += live_ * static_cast<std::uint64_t>((now - now_).count());
  now_ = now;
  live_ = load.live;
  awaited_ = load.awaited;
  if (marks_.empty() || marks_.back().last < last) marks_.push_back({last, now});
  measure(now, load);
}

void CommitPace::measure(Instant now, const core::Load& load) {
  const Duration window = now - window_began_;
  if (window < window_min) return;
  if (window_began_ == Instant{}) {  // what ended before this start says nothing
    window_began_ = now;
    ended_before_ = load.ended;
    lived_us_ = 0;
    return;
  }
  const auto weight = std::min(static_cast<std::uint64_t>(window / window_min), windows_kept);
  ended_per_s_ = blend(ended_per_s_, per_second(load.ended - ended_before_, window), weight);
  lived_us_per_s_ = blend(lived_us_per_s_, per_second(lived_us_, window), weight);
  window_began_ = now;
  ended_before_ = load.ended;
  lived_us_ = 0;
  // Little's law.
  lifetime_ = ended_per_s_ == 0
                  ? Duration::max()
                  : Duration{static_cast<Duration::rep>(lived_us_per_s_ / ended_per_s_)};
}

void CommitPace::learn(Instant now, std::size_t records, Duration took) {
  last_commit_ = now;
  if (records <= few_records) commit_ = commit_ == Duration{} ? took : (3 * commit_ + took) / 4;
}

// A written job is part of two commits, its put's and its removal's.
bool CommitPace::pays() const {
  return lifetime_ <= 2 * commit_ + static_cast<Duration::rep>(live_) * written_job &&
         lifetime_ <= put_wait_max / lifetimes;
}

Instant CommitPace::arrival(core::JournalSequence number) const {
  const auto at = std::lower_bound(
      marks_.begin(), marks_.end(), number,
      [](const Mark& mark, core::JournalSequence wanted) { return mark.last < wanted; });
  return at == marks_.end() ? now_ : at->at;
}

Instant CommitPace::due(PendingBatch& pending) {
  const core::JournalSequence oldest_put = pending.oldest_put();
  while (!marks_.empty() && marks_.front().last < oldest_put) marks_.pop_front();
  if (pending.urgent() || awaited_ || !pays()) return now_;
  const Instant due = last_commit_ + commit_interval_max;
  if (oldest_put > pending.last()) return due;
  return std::min(due, arrival(oldest_put) + lifetimes * lifetime_);
}

}  // namespace zcrew::journal
