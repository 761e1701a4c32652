// The journal on disk: one LMDB environment in a directory. docs/journal.md is the contract.
//
// Threads and errors as journal/journal.h says. No LMDB shows in this header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "lmdb/space.h"

namespace zcrew::lmdb {

struct LmdbOptions {
  std::string directory;        // made if missing
  std::uint64_t max_bytes = 0;  // of the file; 0 = as much as the disk has
  std::uint64_t reserve_bytes = std::uint64_t{16} << 20U;  // kept for completions
  DiskCalls disk = system_disk_calls();
  std::uint64_t job_bytes_max = 0;  // payload or result; such a one has room while the disk has
};

class LmdbJournal : public journal::Journal {
 public:
  explicit LmdbJournal(LmdbOptions options);
  ~LmdbJournal() override;
  LmdbJournal(const LmdbJournal&) = delete;
  LmdbJournal& operator=(const LmdbJournal&) = delete;

  core::Recovered open() override;
  void commit(const journal::Batch& batch) override;
  std::uint64_t make_room() override;
  core::ReadyPage read_ready(const core::ReadReady& request) override;
  core::LaterPage read_later(const core::ReadLater& request) override;
  core::JobsLoaded load_jobs(const core::LoadJobs& request) override;
  core::PayloadLoaded load_payload(const core::LoadPayload& request) override;
  core::ResultsLoaded load_results(const core::LoadResults& request) override;
  journal::DeadPage read_dead(QueueNumber queue, const JobId& after,
                              std::uint32_t letters_max) override;
  std::vector<JobId> expired_results(WallTime until, std::uint32_t results_max) override;
  journal::Gauges gauges() override;

 private:
  struct State;
  const LmdbOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace zcrew::lmdb
