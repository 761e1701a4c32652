// When the open batch is taken for a commit. Pure, integers only; owned by the loop thread.
//
// A commit begins as soon as the thread is idle and there is something to write, but for one case:
// puts of jobs which are about to end are worth waiting for, because their removal cancels them and
// nothing is written at all (design D2). As with renting skis or buying them, that pays while jobs
// end sooner than what lives could be written and removed; a put that is still there after three
// such lifetimes is evidently not of that kind, and is written. So a stream of short jobs costs no
// disk, and where it would not pay (few jobs, long ones, none that ends), or somebody waits for the
// disk, nothing waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/time.h"
#include "core/recovered.h"
#include "journal/pending_batch.h"

namespace zcrew::journal {

class CommitPace {
 public:
  // Once a turn: the newest record, and what lives and has ended by now.
  void observe(Instant now, core::JournalSequence last, const core::Load& load);

  // A commit took so long, and has just ended.
  void learn(Instant now, std::size_t records, Duration took);

  // When the open batch, which is not empty, is to be taken as things stand; not after the last
  // observe(): at once.
  [[nodiscard]] Instant due(PendingBatch& pending);

 private:
  struct Mark {
    core::JournalSequence last = 0;
    Instant at{};
  };

  void measure(Instant now, const core::Load& load);
  [[nodiscard]] bool pays() const;
  [[nodiscard]] Instant arrival(core::JournalSequence number) const;

  Instant now_{};
  std::deque<Mark> marks_;  // which records came in which turn, rising

  // How fast jobs end, how long all of them live in a second, and so how long one does.
  Instant window_began_{};
  std::uint64_t ended_before_ = 0;
  std::uint64_t ended_per_s_ = 0;
  std::uint64_t lived_us_ = 0;
  std::uint64_t lived_us_per_s_ = 0;
  std::uint64_t live_ = 0;
  bool awaited_ = false;
  Duration lifetime_ = Duration::max();

  Duration commit_{};  // of a small batch, moving average
  Instant last_commit_{};
};

}  // namespace zcrew::journal
