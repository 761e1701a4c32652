// Bytes of the journal's records: the envelope of all of them, and job records. Pure.
// docs/journal.md section 3 has the layouts; row_codec.h has the small tables.
//
// Reading is total: whatever the bytes, the answer is a record or a Fault. Views in what was read
// point into the record's bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/record.h"
#include "journal/layout.h"

namespace zcrew::journal {

// Why a record is not to be believed.
enum class Fault : std::uint8_t { version, kind, checksum, shape };

// "its checksum is wrong" …
std::string_view text_of(Fault fault);

// Fills in the envelope of `size` bytes at `record` whose body is there already.
void seal(layout::Kind kind, std::string_view key, char* record, std::size_t size);

// The body of a record, once version, kind and checksum are right.
Result<std::string_view, Fault> unseal(layout::Kind kind, std::string_view key,
                                       std::string_view record);

// Whether version and checksum are right, whatever its kind says it is.
std::optional<Fault> verify(std::string_view key, std::string_view record);

// A job as it stands in `ready`, `later` or `dead`.
struct JobView {
  core::JobHeader header;
  std::uint32_t payload_bytes = 0;
  std::string_view payload;  // if inline, else it is in `blobs`
  std::uint8_t history_count = 0;
  std::string_view history;  // encoded entries
  WallTime died_at{};        // in `dead` only
  std::string_view reason;   // in `dead` only

  [[nodiscard]] bool payload_in_blobs() const {
    return payload_bytes > limits::inline_payload_bytes;
  }
};

JobView view_of(const core::PutJob& put);

// Whether a record names the job's producer: nobody else is told how a job ended.
inline bool has_origin(const core::JobHeader& header) {
  return header.result != wire::ResultMode::none;
}

// `kind` is Kind::job or Kind::dead.
std::size_t job_record_size(layout::Kind kind, const JobView& job);
void write_job(layout::Kind kind, std::string_view key, const JobView& job, char* record);
Result<JobView, Fault> read_job(layout::Kind kind, std::string_view key, std::string_view record);
// The same of a record that verify() has found right, and long enough to be one.
Result<JobView, Fault> read_verified_job(layout::Kind kind, std::string_view record);

// Adds an entry to the job's history (none if its event is empty) in `memory`, which must outlive
// the view; the first entry and the newest stay within limits::history_entries_max (J-3.4).
void append_history(JobView& job, const core::HistoryEntry& entry, std::string& memory);
Result<std::vector<core::HistoryEntry>, Fault> read_history(const JobView& job);

// What a record stands for in Batch::bytes and in the reckoning of space (journal.md section 6).
inline std::uint64_t cost_of_put(std::size_t payload_bytes) {
  return limits::job_record_bytes + payload_bytes;
}
inline std::uint64_t cost_of(const core::RemoveJob& /*removal*/) {
  return limits::job_record_bytes;
}
std::uint64_t cost_of(const core::Record& change);  // any other

// Chunks that `bytes` in `blobs` need.
inline std::uint32_t chunks_of(std::uint64_t bytes) {
  return static_cast<std::uint32_t>((bytes + layout::chunk_bytes - 1) / layout::chunk_bytes);
}

}  // namespace zcrew::journal
