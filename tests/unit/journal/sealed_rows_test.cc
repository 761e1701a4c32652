// Rows whose checksum is right and whose content is none: what a writer with a bug would leave.
#include <doctest/doctest.h>

#include <string>

#include "journal/keys.h"
#include "journal/row_codec.h"

using namespace zcrew;
using namespace zcrew::journal;
using layout::Kind;

namespace {

// The record with one byte of its body changed, sealed again.
std::string with(Kind kind, std::string_view key, std::string record, std::size_t at, char byte) {
  record.at(layout::envelope_bytes + at) = byte;
  seal(kind, key, record.data(), record.size());
  return record;
}

std::string longer(Kind kind, std::string_view key, const std::string& record, std::size_t bytes) {
  std::string more = record + std::string(bytes, '\1');
  seal(kind, key, more.data(), more.size());
  return more;
}

}  // namespace

TEST_CASE("bytes left over in a row are refused though the checksum is right (J-3.2)") {
  const auto key = queue_key(12);
  const std::string record = write_counts(key.view(), {1, 2, 3, 4, 5});
  CHECK(read_counts(key.view(), longer(Kind::counts, key.view(), record, 1)).error() ==
        Fault::shape);
}

TEST_CASE("a format row of another program, or of format 0, is none (J-3.2)") {
  const std::string record = write_format(1);
  const auto changed = [&](std::size_t at, char byte) {
    return read_format(with(Kind::format, layout::format_row, record, at, byte)).has_value();
  };
  CHECK(changed(0, layout::format_magic[0]));
  CHECK_FALSE(changed(0, 'x'));
  CHECK_FALSE(changed(layout::format_magic.size() + 3, 0));
}

TEST_CASE("counters of a newer zcrew at the end of a commit row are passed over") {
  CommitRow row;
  row.sequence = 7;
  row.counters.malformed = 15;
  std::string record = write_commit(row);
  constexpr std::size_t count_at = 13;  // the low byte of how many there are
  const char count = record[layout::envelope_bytes + count_at];
  record[layout::envelope_bytes + count_at] = static_cast<char>(count + 1);
  const std::string more = longer(Kind::commit, layout::commit_row, record, 8);
  const auto read = read_commit(more);
  REQUIRE(read.has_value());
  CHECK(read->sequence == 7);
  CHECK(read->counters == row.counters);
  // One that claims counters which are not there is no row.
  record[layout::envelope_bytes + count_at] = static_cast<char>(count + 9);
  seal(Kind::commit, layout::commit_row, record.data(), record.size());
  CHECK(read_commit(record).error() == Fault::shape);
}

TEST_CASE("a queue with an unknown policy, no name or half a pause is refused (J-3.2)") {
  const auto key = queue_key(12);
  core::QueueSettings settings;
  settings.name = "mail";
  const std::string record = write_queue(key.view(), settings);
  const auto changed = [&](std::size_t at, char byte) {
    return read_queue(key.view(), with(Kind::queue, key.view(), record, at, byte)).has_value();
  };
  constexpr std::size_t policy_at = 5;
  CHECK(changed(policy_at, 4));
  CHECK_FALSE(changed(policy_at, 5));
  CHECK_FALSE(changed(record.size() - layout::envelope_bytes - 1, 2));
  CHECK_FALSE(read_queue(key.view(), write_queue(key.view(), {})).has_value());
}

TEST_CASE("a row under a key of another shape is refused (J-3.2)") {
  const core::PutSession session{Uuid{}, 12, from_ms(34), {}};
  CHECK(read_session("abc", write_session("abc", session)).error() == Fault::shape);
  CHECK(read_instance("abc", write_instance("abc", {})).error() == Fault::shape);
  CHECK(read_held("abc", write_held("abc", {})).error() == Fault::shape);
}

TEST_CASE("a result with an unknown end, or larger than a payload may be, is refused (J-3.2)") {
  const auto key = job_key({1, 2, 3});
  ResultView result;
  const auto is_read = [&] {
    return read_result(key.view(), write_result(key.view(), result)).has_value();
  };
  result.result_bytes = limits::payload_bytes_max;
  CHECK(is_read());
  result.result_bytes = limits::payload_bytes_max + 1;
  CHECK_FALSE(is_read());
  result.result_bytes = 0;
  result.end = wire::End::unknown;
  CHECK(is_read());
  result.end = static_cast<wire::End>(static_cast<int>(wire::End::unknown) + 1);
  CHECK_FALSE(is_read());
}
