// What the core wants durable, on its way to the commit thread and back: the pending batch is
// handed over when the thread is idle and its time has come; what comes back are Durable and Space
// events.
//
// Loop thread only, but for commit_here(). A commit of counters alone follows within a second when
// jobs came and went without any record left to write.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/time.h"
#include "core/router.h"
#include "journal/commit_pace.h"
#include "journal/commit_thread.h"
#include "journal/pending_batch.h"

namespace zcrew::router {

class Commits {
 public:
  Commits(journal::Journal& journal, std::function<void()> wake);

  // One step's records; leaves `records` empty.
  void add(std::vector<core::Record>& records, core::Router& core);

  struct News {
    std::optional<core::Durable> durable;
    std::optional<core::Space> space;
    std::optional<journal::Failure> failure;  // nothing is committed any more
  };
  // What the commit thread has done since the last call.
  News collect(Instant now);

  // Takes the next batch for a commit if none is under way and its time has come (CommitPace). If
  // there is nothing to write though numbers moved on, the last number is durable as it is, and is
  // returned.
  std::optional<core::Durable> hand_over(core::Router& core, Instant now);

  // Somebody waits for what is there: the next hand_over() does not wait for company.
  void hurry() { hurried_ = true; }

  // What hand_over() has taken is to be committed: by the commit thread, or by the caller if it is
  // small, which gives its turn away between take_due() and the next collect().
  [[nodiscard]] bool has_due() const { return due_batch_.has_value(); }
  [[nodiscard]] bool is_small() const;
  void leave_to_thread();
  [[nodiscard]] journal::Batch take_due();
  void commit_here(journal::Batch batch) { thread_.commit_here(std::move(batch)); }

  // How long the present commit has been running.
  [[nodiscard]] Duration running_for(Instant now) const {
    return idle() ? Duration::zero() : now - begun_;
  }

  // When hand_over() will have something to do.
  [[nodiscard]] Instant deadline() const { return due_; }

  // Before the end: like hand_over(), but the counters are written even if nothing else is.
  std::optional<core::Durable> hand_over_last(core::Router& core, Instant now);

  // Everything there is, counters too, is on disk.
  [[nodiscard]] bool all_written() const;

  // The last record there is, and the last that is on disk or cancelled.
  [[nodiscard]] core::JournalSequence last() const { return pending_.last(); }
  [[nodiscard]] core::JournalSequence durable() const { return durable_; }
  [[nodiscard]] std::uint64_t pending_records() const { return pending_.last() - durable_; }
  // Since the start: new jobs that went to disk, or will (the others had ended before a commit
  // took them), and commits.
  [[nodiscard]] std::uint64_t jobs_written() const { return pending_.jobs_put(); }
  [[nodiscard]] std::uint64_t commits() const { return commits_begun_; }

 private:
  [[nodiscard]] bool idle() const { return thread_.idle() && !has_due(); }
  [[nodiscard]] core::Space space();
  void begin(journal::Batch batch, Instant now);
  void begin_open(core::Router& core, Instant now);
  std::optional<core::Durable> nothing_to_write();

  journal::PendingBatch pending_;
  journal::CommitPace pace_;
  journal::CommitThread thread_;
  std::optional<journal::Batch> due_batch_;
  core::JournalSequence durable_ = 0;   // told to the core
  core::JournalSequence written_ = 0;   // the last commit's
  std::uint64_t room_ = 0;              // the commit thread's last word
  std::uint64_t cancelled_before_ = 0;  // PendingBatch::cancelled_bytes() when the core last heard
  std::uint64_t in_flight_bytes_ = 0;   // of the batch that was handed over
  std::size_t in_flight_records_ = 0;
  Instant begun_{};
  Instant last_commit_{};
  Instant due_ = Instant::max();
  bool hurried_ = false;
  std::uint64_t commits_begun_ = 0;
};

}  // namespace zcrew::router
