// The journal's face: durable state, atomic batches, snapshot reads. No LMDB in sight, so that a
// replicated engine can stand behind it later.
//
// Threads: open() and close happen before and after everything else; commit() and make_room() are
// called by one thread at a time (CommitThread); the reads by the reader thread (or anyone who is
// alone in reading), concurrently with commits. A read sees the state after some whole commit.
//
// Errors: open() throws OpenError. commit() throws JournalError: the caller must treat the journal
// as broken, confirm nothing more and exit (74). Reads throw JournalError, or Damaged when a
// record's checksum or shape is wrong (exit 65); wrong data is never returned.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/ids.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/record.h"
#include "core/recovered.h"
#include "journal/batch.h"

namespace zcrew::journal {

// Why a journal could not be opened; maps to the process's exit code.
enum class OpenFailure : std::uint8_t {
  io,
  locked,
  corrupt,
  newer_version,
  not_a_journal,
  small_disk
};

// `what` is cause and cure; of a `corrupt` journal it is what is damaged, no more.
class OpenError : public std::runtime_error {
 public:
  OpenError(OpenFailure why, const std::string& what) : std::runtime_error(what), why_(why) {}
  [[nodiscard]] OpenFailure why() const { return why_; }

 private:
  OpenFailure why_;
};

class JournalError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Says what is damaged: not in which journal, nor what to do.
class Damaged : public JournalError {
  using JournalError::JournalError;
};

struct DeadLetter {
  JobId id;
  core::JobHeader header;
  std::string reason;
  WallTime died_at{};
  std::uint64_t payload_bytes = 0;
  std::vector<core::HistoryEntry> history;
};

struct DeadPage {
  std::vector<DeadLetter> letters;
  bool reached_end = false;
};

// Sizes for gauges (J-11.1).
struct Gauges {
  std::uint64_t file_bytes = 0;          // up to the last used page
  std::uint64_t free_bytes = 0;          // free inside it
  std::uint64_t reserved_bytes = 0;      // of disk, behind it
  std::uint64_t oldest_reader_lags = 0;  // commits since the oldest snapshot in use
};

class Journal {
 public:
  virtual ~Journal() = default;
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // The small tables. Raises the epoch and makes it durable before it returns.
  virtual core::Recovered open() = 0;

  // All of the batch or nothing, on disk when it returns.
  virtual void commit(const Batch& batch) = 0;

  // Reserves disk space ahead of need and returns how many bytes of new jobs may be accepted from
  // now on (0 = full), each job counted as limits::job_record_bytes plus its payload. Never throws
  // for a full disk.
  virtual std::uint64_t make_room() = 0;

  // `before` 0 = no bound; bytes_max counts payloads plus limits::job_record_bytes a job.
  virtual core::ReadyPage read_ready(const core::ReadReady& request) = 0;
  virtual core::LaterPage read_later(const core::ReadLater& request) = 0;
  virtual core::JobsLoaded load_jobs(const core::LoadJobs& request) = 0;
  virtual core::PayloadLoaded load_payload(const core::LoadPayload& request) = 0;
  virtual core::ResultsLoaded load_results(const core::LoadResults& request) = 0;

  // Dead letters with id > after, by id; queue 0 = all queues.
  virtual DeadPage read_dead(QueueNumber queue, const JobId& after, std::uint32_t letters_max) = 0;

  // Ids of stored results that have expired at `until`, oldest expiry first.
  virtual std::vector<JobId> expired_results(WallTime until, std::uint32_t results_max) = 0;

  virtual Gauges gauges() = 0;
};

}  // namespace zcrew::journal
