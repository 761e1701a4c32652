// The journal's contract in memory: for `--journal :memory:`, for tests, and for the simulator,
// which copies the state to play a crash: what was committed is there, nothing else is.
//
// Threads as journal.h says (one mutex inside). Deterministic: no clock, no order by address.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "journal/journal.h"

namespace zcrew::journal {

// Everything a journal on disk would hold. Its payloads are its own: those of records and answers
// belong to other threads (base/payload.h).
struct MemoryState {
  struct Job {
    core::JobHeader header;
    Payload payload;
    std::vector<core::HistoryEntry> history;
    WallTime died_at{};  // in `dead` only
    std::string reason;  // in `dead` only
  };
  using Due = std::pair<WallTime, JobId>;

  Epoch epoch = 0;
  Sequence sequence_limit = 1;
  Epoch committed_epoch = 0;
  core::JournalSequence committed = 0;
  core::Counters counters;
  std::map<QueueNumber, core::QueueSettings> queues;
  std::map<QueueNumber, core::QueueCounts> counts;
  std::map<JobId, Job> ready;
  std::map<Due, Job> later;
  std::map<JobId, WallTime> where;
  std::map<JobId, Job> dead;
  std::map<JobId, core::PutHeld> held;
  std::map<Uuid, core::PutInstance> instances;
  std::map<Uuid, core::PutSession> sessions;
  std::map<JobId, core::PutResult> results;
  std::set<Due> results_by_expiry;
};

class MemoryJournal : public Journal {
 public:
  explicit MemoryJournal(MemoryState state = {});

  // The state after the last commit. Not while another thread commits.
  [[nodiscard]] const MemoryState& state() const { return state_; }

  // What make_room() returns from now on; a great deal unless set.
  void set_room(std::uint64_t bytes);

  core::Recovered open() override;
  void commit(const Batch& batch) override;
  std::uint64_t make_room() override;
  core::ReadyPage read_ready(const core::ReadReady& request) override;
  core::LaterPage read_later(const core::ReadLater& request) override;
  core::JobsLoaded load_jobs(const core::LoadJobs& request) override;
  core::PayloadLoaded load_payload(const core::LoadPayload& request) override;
  core::ResultsLoaded load_results(const core::LoadResults& request) override;
  DeadPage read_dead(QueueNumber queue, const JobId& after, std::uint32_t letters_max) override;
  std::vector<JobId> expired_results(WallTime until, std::uint32_t results_max) override;
  Gauges gauges() override;

 private:
  [[nodiscard]] core::JournalSequence as_of() const;
  [[nodiscard]] core::LoadedJob load(const JobId& id) const;

  std::mutex mutex_;
  MemoryState state_;
  std::uint64_t room_;
};

}  // namespace zcrew::journal
