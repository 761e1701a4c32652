#include "journal/record_codec.h"

#include "base/plant.h"
#include "journal/bytes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace zcrew::journal {

using layout::Kind;

std::string_view text_of(Fault fault) {
  switch (fault) {
    case Fault::version:
      return "its version is unknown";
    case Fault::kind:
      return "it is of another kind";
    case Fault::checksum:
      return "its checksum is wrong";
    case Fault::shape:
      return "its shape is wrong";
  }
  return "it is wrong";
}

// ---- envelope ----

namespace {

std::uint64_t checksum_of(std::uint8_t version, std::uint8_t kind, std::string_view key,
                          std::string_view body) {
  const std::uint64_t seed =
      XXH3_64bits(key.data(), key.size()) + std::uint64_t{256} * version + kind;
  return XXH3_64bits_withSeed(body.data(), body.size(), seed);
}

bool is_of(Kind kind, std::string_view record) {
  return static_cast<std::uint8_t>(record[1]) == static_cast<std::uint8_t>(kind);
}

}  // namespace

void seal(Kind kind, std::string_view key, char* record, std::size_t size) {
  const std::string_view body(record + layout::envelope_bytes, size - layout::envelope_bytes);
  Writer out(record);
  out.u8(layout::record_version);
  out.u8(static_cast<std::uint8_t>(kind));
  out.u64(checksum_of(layout::record_version, static_cast<std::uint8_t>(kind), key, body));
}

std::optional<Fault> verify(std::string_view key, std::string_view record) {
  if (record.size() < layout::envelope_bytes) return Fault::shape;
  Reader in(record);
  const std::uint8_t version = in.u8();
  const std::uint8_t kind = in.u8();
  const std::uint64_t checksum = in.u64();
  if (version != layout::record_version) return Fault::version;
  const std::string_view body = record.substr(layout::envelope_bytes);
  if (planted(Bug::ignored_checksum)) return std::nullopt;
  if (checksum != checksum_of(version, kind, key, body)) return Fault::checksum;
  return std::nullopt;
}

Result<std::string_view, Fault> unseal(Kind kind, std::string_view key, std::string_view record) {
  if (record.size() >= layout::envelope_bytes && !is_of(kind, record) &&
      static_cast<std::uint8_t>(record[0]) == layout::record_version)
    return Unexpected{Fault::kind};
  if (const auto fault = verify(key, record)) return Unexpected{*fault};
  return record.substr(layout::envelope_bytes);
}

// ---- jobs ----

JobView view_of(const core::PutJob& put) {
  JobView job;
  job.header = put.header;
  job.payload_bytes = static_cast<std::uint32_t>(put.payload.size());
  if (!job.payload_in_blobs()) job.payload = put.payload.view();
  return job;
}

std::size_t job_record_size(Kind kind, const JobView& job) {
  std::size_t size = layout::envelope_bytes + layout::job_fixed_bytes + job.history.size();
  if (has_origin(job.header)) size += layout::job_origin_bytes;
  if (kind == Kind::dead) size += 8 + 1 + cut(job.reason, layout::word_bytes_max).size();
  return size + job.payload.size();
}

void write_job(Kind kind, std::string_view key, const JobView& job, char* record) {
  const core::JobHeader& header = job.header;
  Writer out(record + layout::envelope_bytes);
  out.u8(header.at_most_once ? layout::job_flag::at_most_once : 0);
  out.u8(static_cast<std::uint8_t>(header.result));
  out.u8(job.history_count);
  out.u8(0);
  out.time(header.accepted_at);
  out.time(header.expires_at);
  out.u32(header.attempts_max);
  out.u32(header.failures);
  out.u32(header.crashes);
  out.u32(header.handouts);
  out.u32(header.handout_epoch);
  out.u32(header.backoff_ms);
  out.u64(header.time_limit_ms);
  out.u32(job.payload_bytes);
  out.u16(static_cast<std::uint16_t>(job.history.size()));
  if (has_origin(header)) {
    out.uuid(header.origin.session);
    out.u64(header.origin.batch);
    out.u32(header.origin.index);
  }
  if (kind == Kind::dead) {
    out.time(job.died_at);
    out.text8(cut(job.reason, layout::word_bytes_max));
  }
  out.bytes(job.history);
  out.bytes(job.payload);
  seal(kind, key, record, static_cast<std::size_t>(out.position() - record));
}

namespace {

Result<JobView, Fault> read_body(Kind kind, std::string_view body) {
  JobView job;
  core::JobHeader& header = job.header;
  Reader in(body);
  const std::uint8_t flags = in.u8();
  header.at_most_once = (flags & layout::job_flag::at_most_once) != 0;
  const std::uint8_t result = in.u8();
  header.result = static_cast<wire::ResultMode>(result);
  job.history_count = in.u8();
  const std::uint8_t zero = in.u8();
  header.accepted_at = in.time();
  header.expires_at = in.time();
  header.attempts_max = in.u32();
  header.failures = in.u32();
  header.crashes = in.u32();
  header.handouts = in.u32();
  header.handout_epoch = in.u32();
  header.backoff_ms = in.u32();
  header.time_limit_ms = in.u64();
  job.payload_bytes = in.u32();
  const std::uint16_t history_bytes = in.u16();
  if (has_origin(header)) {
    header.origin.session = in.uuid();
    header.origin.batch = in.u64();
    header.origin.index = in.u32();
  }
  if (kind == Kind::dead) {
    job.died_at = in.time();
    job.reason = in.text8();
  }
  job.history = in.bytes(history_bytes);
  if (!job.payload_in_blobs()) job.payload = in.bytes(job.payload_bytes);
  const bool sound = in.complete() && (flags & ~layout::job_flag::all) == 0 && zero == 0 &&
                     result <= static_cast<std::uint8_t>(wire::ResultMode::keep) &&
                     job.history_count <= limits::history_entries_max &&
                     job.payload_bytes <= limits::payload_bytes_max;
  if (!sound) return Unexpected{Fault::shape};
  return job;
}

}  // namespace

// Both in one function, so that the reader's position stays in registers: a drain reads each job
// twice.
[[gnu::flatten]] Result<JobView, Fault> read_job(Kind kind, std::string_view key,
                                                 std::string_view record) {
  const auto body = unseal(kind, key, record);
  if (!body) return Unexpected{body.error()};
  return read_body(kind, *body);
}

[[gnu::flatten]] Result<JobView, Fault> read_verified_job(Kind kind, std::string_view record) {
  if (!is_of(kind, record)) return Unexpected{Fault::kind};
  return read_body(kind, record.substr(layout::envelope_bytes));
}

// ---- history ----

namespace {

core::HistoryEntry read_entry(Reader& in) {
  core::HistoryEntry entry;
  entry.at = in.time();
  entry.attempt = in.u32();
  entry.event = in.text8();
  entry.worker = in.text8();
  entry.text = in.text16();
  return entry;
}

void write_entry(const core::HistoryEntry& entry, std::string& memory) {
  const auto event = cut(entry.event, layout::word_bytes_max);
  const auto worker = cut(entry.worker, limits::name_bytes_max);
  const auto text = cut(entry.text, limits::history_text_bytes);
  const std::size_t before = memory.size();
  memory.resize(before + 8 + 4 + 1 + event.size() + 1 + worker.size() + 2 + text.size());
  Writer out(memory.data() + before);
  out.time(entry.at);
  out.u32(entry.attempt);
  out.text8(event);
  out.text8(worker);
  out.text16(text);
}

// Bytes of the first entry of an encoded history.
std::size_t first_entry_bytes(std::string_view history) {
  Reader in(history);
  read_entry(in);
  return history.size() - in.left();
}

}  // namespace

void append_history(JobView& job, const core::HistoryEntry& entry, std::string& memory) {
  if (entry.event.empty()) return;
  memory.assign(job.history);
  while (job.history_count >= limits::history_entries_max) {
    const std::size_t first = first_entry_bytes(memory);
    memory.erase(first, first_entry_bytes(std::string_view(memory).substr(first)));
    --job.history_count;
  }
  write_entry(entry, memory);
  ++job.history_count;
  job.history = memory;
}

Result<std::vector<core::HistoryEntry>, Fault> read_history(const JobView& job) {
  std::vector<core::HistoryEntry> entries;
  Reader in(job.history);
  for (std::uint8_t i = 0; i < job.history_count; ++i) entries.push_back(read_entry(in));
  if (!in.complete()) return Unexpected{Fault::shape};
  return entries;
}

// ---- cost ----

std::uint64_t cost_of(const core::Record& change) {
  const auto* result = std::get_if<core::PutResult>(&change);
  return limits::job_record_bytes + (result != nullptr ? result->bytes.size() : 0);
}

}  // namespace zcrew::journal
