// A producer's session: its batches, what of them is confirmed, and where its results go (design
// D7, D12). A session outlives connections; it ends with BYE or long silence. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/record.h"

namespace zcrew::core {

// One accepted batch at or above the client's floor.
struct Batch {
  std::uint64_t number = 0;
  std::vector<BatchRun> runs;
  std::uint32_t jobs = 0;  // highest index + 1
  std::uint64_t bytes = 0;
  JournalSequence put = 0;  // its last job's record; 0 = from before the restart
  bool wants_results = false;
  std::optional<Peer> repeated_to;  // a look for its results is under way, for this connection
  bool all_confirmed = false;
  std::vector<bool> confirmed;  // by index, while some are and some are not
};

class ClientSession {
 public:
  ClientSession(const Uuid& uuid, std::string name) : uuid_(uuid), name_(std::move(name)) {}

  [[nodiscard]] const Uuid& uuid() const { return uuid_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }

  [[nodiscard]] std::uint64_t last_batch() const { return last_batch_; }
  [[nodiscard]] std::uint64_t floor() const { return floor_; }
  [[nodiscard]] std::uint32_t unconfirmed_jobs() const { return unconfirmed_jobs_; }
  [[nodiscard]] std::uint64_t unconfirmed_bytes() const { return unconfirmed_bytes_; }
  // Of all batches at or above the floor: what is remembered, and what each commit writes.
  [[nodiscard]] std::size_t runs() const { return runs_; }

  // The client's lowest unconfirmed batch: what lies below is never resent, and is forgotten here.
  void raise_floor(std::uint64_t floor);
  // The client starts at `floor`, whatever the journal knows: batches whose jobs all finished
  // before they were written left no trace.
  void hello(std::uint64_t floor);

  void accept(Batch batch, std::uint32_t new_jobs);
  [[nodiscard]] Batch* find(std::uint64_t number);

  // Marks a job as confirmed; false if it was already.
  bool confirm(Batch& batch, std::uint32_t index, std::uint64_t bytes);
  // Marks the rest of the batch; calls confirm_run for each run of jobs that was not confirmed yet.
  template <typename ConfirmRun>
  std::uint32_t confirm_rest(Batch& batch, ConfirmRun confirm_run);

  // What a restart must know.
  [[nodiscard]] PutSession to_record(WallTime now) const;
  static ClientSession from_record(const PutSession& record);

  // Connection and signs of life, kept by Sessions.
  std::optional<Peer> peer;
  Instant last_heard{};
  WallTime last_seen{};
  std::uint64_t asked_jobs = 0;                         // it waits to be told of
  wire::ErrorCode refused_for = wire::ErrorCode::none;  // what the log has, since the last batch
  bool changed = false;                                 // since the last commit was taken
  bool in_journal = false;    // has a row, or will have one with the next commit
  std::uint64_t counted = 0;  // the last Sessions::awaited_jobs() that met it

 private:
  Uuid uuid_;
  std::string name_;
  std::uint64_t last_batch_ = 0;
  std::uint64_t floor_ = 1;
  std::deque<Batch> batches_;  // by number
  std::size_t runs_ = 0;
  std::uint32_t unconfirmed_jobs_ = 0;
  std::uint64_t unconfirmed_bytes_ = 0;
};

template <typename ConfirmRun>
std::uint32_t ClientSession::confirm_rest(Batch& batch, ConfirmRun confirm_run) {
  if (batch.all_confirmed) return 0;
  std::uint32_t newly = 0;
  for (const BatchRun& run : batch.runs) {
    std::uint32_t start = 0;
    const auto is_confirmed = [&](std::uint32_t i) {
      return !batch.confirmed.empty() && batch.confirmed[run.index + i];
    };
    while (start < run.count) {
      if (is_confirmed(start)) {
        ++start;
        continue;
      }
      std::uint32_t end = start;
      while (end < run.count && !is_confirmed(end)) ++end;
      BatchRun part = run;
      part.index += start;
      part.count = end - start;
      part.first.sequence += start;
      confirm_run(part);
      newly += part.count;
      start = end;
    }
  }
  batch.all_confirmed = true;
  batch.confirmed.clear();
  unconfirmed_jobs_ -= newly;
  unconfirmed_bytes_ -= batch.bytes;
  batch.bytes = 0;
  return newly;
}

}  // namespace zcrew::core
