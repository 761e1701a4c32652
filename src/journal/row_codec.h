// Bytes of the journal's small tables and of results. Pure; docs/journal.md section 3 has the
// layouts. Each write_… gives a whole record for the key it is given; each read_… checks all of it.
#pragma once

#include <string>
#include <string_view>

#include "core/recovered.h"
#include "journal/record_codec.h"

namespace zcrew::journal {

// Row `commit` of `meta`: what the last commit contained.
struct CommitRow {
  Epoch epoch = 0;
  core::JournalSequence sequence = 0;
  core::Counters counters;
};

std::string write_format(std::uint32_t format);
Result<std::uint32_t, Fault> read_format(std::string_view record);

std::string write_epoch(Epoch epoch);
Result<Epoch, Fault> read_epoch(std::string_view record);

std::string write_sequences(Sequence limit);
Result<Sequence, Fault> read_sequences(std::string_view record);

std::string write_commit(const CommitRow& row);
Result<CommitRow, Fault> read_commit(std::string_view record);

std::string write_queue(std::string_view key, const core::QueueSettings& settings);
Result<core::QueueSettings, Fault> read_queue(std::string_view key, std::string_view record);

std::string write_counts(std::string_view key, const core::QueueCounts& counts);
Result<core::QueueCounts, Fault> read_counts(std::string_view key, std::string_view record);

std::string write_due(std::string_view key, WallTime due);
Result<WallTime, Fault> read_due(std::string_view key, std::string_view record);

std::string write_held(std::string_view key, const core::PutHeld& held);
Result<core::PutHeld, Fault> read_held(std::string_view key, std::string_view record);

std::string write_instance(std::string_view key, const core::PutInstance& instance);
Result<core::PutInstance, Fault> read_instance(std::string_view key, std::string_view record);

std::string write_session(std::string_view key, const core::PutSession& session);
Result<core::PutSession, Fault> read_session(std::string_view key, std::string_view record);

// A stored result; its bytes are inline or in `blobs`.
struct ResultView {
  wire::End end = wire::End::done;
  std::uint32_t attempts = 0;
  core::Origin origin;
  WallTime expires_at{};
  std::string_view worker;
  std::string_view reason;
  std::uint32_t result_bytes = 0;
  std::string_view bytes;

  [[nodiscard]] bool bytes_in_blobs() const { return result_bytes > limits::inline_payload_bytes; }
};
ResultView view_of(const core::PutResult& put);
std::string write_result(std::string_view key, const ResultView& result);
Result<ResultView, Fault> read_result(std::string_view key, std::string_view record);

// An index row says nothing but that it is there.
std::string write_index(std::string_view key);
Result<bool, Fault> read_index(std::string_view key, std::string_view record);

}  // namespace zcrew::journal
