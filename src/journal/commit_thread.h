// The thread that owns the journal's write side: it commits one batch at a time and keeps disk
// space reserved ahead (journal.md sections 4 and 6). The caller may commit one itself instead,
// which saves two wake-ups.
//
// Threads: everything here is called by one thread at a time, the one that has the loop's turn,
// except commit_here() and the wake callback, which the commit thread calls after each report; it
// must only wake the loop (it may not call back in here). The destructor waits for a commit under
// way and drops a batch that was not begun.
//
// Errors: the first one is final. It is reported once with its exit code, and the thread ends.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "journal/journal.h"

namespace zcrew::journal {

// Why the journal cannot be used any more.
struct Failure {
  enum class Cause : std::uint8_t { disk, memory, damage } cause;  // damage: exit 65, else 74
  std::string text;
};

struct Committed {
  // Every record up to this number is on disk; nothing if only the room changed.
  std::optional<core::JournalSequence> durable;
  // Bytes of new jobs that may be accepted, as of this commit: core::Space takes it as it is and
  // subtracts what was accepted since.
  std::uint64_t admissible_bytes = 0;
  // What was committed, for PendingBatch::recycle(): payloads are the loop thread's to let go of.
  Batch spent;
  std::optional<Failure> failure;
};

class CommitThread {
 public:
  // `journal` is open. The room is reckoned and reported at once.
  CommitThread(Journal& journal, std::function<void()> wake);
  ~CommitThread();
  CommitThread(const CommitThread&) = delete;
  CommitThread& operator=(const CommitThread&) = delete;

  // Nothing handed over that poll() has not returned yet.
  [[nodiscard]] bool idle() const { return !busy_; }

  // Requires idle() and no failure so far.
  void hand_over(Batch batch);

  // The same without the thread. claim(): whoever has the turn is going to commit a batch, and this
  // is not idle() any more. commit_here(): does so, beside whatever others call meanwhile; poll()
  // has the report when it returns, and nobody is woken.
  void claim();
  void commit_here(Batch batch) noexcept;

  // What happened since the last call, or nothing. Never blocks on a commit.
  std::optional<Committed> poll();

 private:
  void serve();
  void commit(Batch batch);
  bool reckon();
  void report(Committed news);
  template <typename Work>
  bool report_failure_of(Work work);

  Journal& journal_;
  const std::function<void()> wake_;
  bool busy_ = false;  // of whoever has the turn

  std::mutex mutex_;
  std::condition_variable work_;
  // Protected by mutex_:
  std::optional<Batch> batch_;
  std::optional<Committed> news_;
  bool stop_ = false;
  std::optional<std::uint64_t> room_;  // as last reported

  std::mutex journal_mutex_;
  // Protected by journal_mutex_, as is the journal's write side:
  bool failed_ = false;  // or somebody is at it
  Batch committing_;     // kept when the commit fails, as its payloads are the loop thread's

  std::thread thread_;
};

}  // namespace zcrew::journal
