// Drives an open journal as the router's loop does: steps go into the pending batch, the batch goes
// to the commit thread when that is idle, and a step is confirmed when it is durable.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "journal/commit_thread.h"
#include "journal/pending_batch.h"
#include "workload.h"

namespace zcrew::test {

class Writer {
 public:
  // Both called on the writer's own thread: before a step's records go anywhere, and when that step
  // and all before it are durable.
  struct Reports {
    std::function<void(std::uint64_t step)> issued;
    std::function<void(std::uint64_t step)> confirmed;
  };

  // `journal` is open and holds what `workload` has done so far.
  Writer(journal::Journal& journal, Workload workload, Reports reports);

  // Until the journal fails or this many more steps are confirmed.
  std::optional<journal::Failure> run(std::uint64_t steps);

 private:
  void issue();
  void hand_over();
  [[nodiscard]] journal::Committed wait();

  Workload workload_;
  Reports reports_;
  std::mt19937_64 random_{1};
  journal::PendingBatch pending_;
  core::Totals totals_;  // as of the last step
  struct Mark {
    core::JournalSequence last = 0;
    std::uint64_t step = 0;
  };
  std::deque<Mark> waiting_;  // steps not confirmed yet

  std::mutex mutex_;
  std::condition_variable woken_;
  bool awake_ = false;
  journal::CommitThread thread_;  // last, so that its wake call finds the rest
};

}  // namespace zcrew::test
