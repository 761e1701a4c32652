// docs/journal.md and layout.h say the same.
#include "journal/layout.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "journal/bundle_codec.h"
#include "journal/pending_batch.h"
#include "journal/record_codec.h"

using namespace zcrew;
using namespace zcrew::journal;

namespace {

std::vector<std::string> page_lines() {
  std::ifstream file(ZCREW_JOURNAL_PAGE);
  REQUIRE_MESSAGE(file.is_open(), "cannot read " ZCREW_JOURNAL_PAGE);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Rows of the table whose header is `header`: first cell → second cell, backticks taken off.
std::map<std::string, std::string> table_of(const std::string& header) {
  const auto lines = page_lines();
  std::map<std::string, std::string> rows;
  bool inside = false;
  for (const std::string& line : lines) {
    if (line == header) {
      inside = true;
    } else if (inside && line.rfind("|", 0) != 0) {
      return rows;
    } else if (inside && line.rfind("|---", 0) != 0) {
      std::istringstream cells(line);
      std::string none;
      std::string first;
      std::string second;
      std::getline(cells, none, '|');
      std::getline(cells, first, '|');
      std::getline(cells, second, '|');
      const auto bare = [](std::string cell) {
        std::erase(cell, '`');
        std::erase(cell, ' ');
        return cell;
      };
      rows[bare(first)] = bare(second);
    }
  }
  return rows;
}

// The hex digits of the example under `title`: the first cells of its lines.
std::string example_bytes(const std::string& title) {
  std::string bytes;
  bool inside = false;
  for (const std::string& line : page_lines()) {
    if (line.rfind("# " + title, 0) == 0) {
      inside = true;
    } else if (inside && (line.rfind("#", 0) == 0 || line.rfind("```", 0) == 0)) {
      break;
    } else if (inside) {
      const std::string digits = line.substr(0, line.find("  "));
      for (std::size_t i = 0; i + 1 < digits.size();) {
        if (digits[i] == ' ') {
          ++i;
          continue;
        }
        bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
        i += 2;
      }
    }
  }
  return bytes;
}

core::PutJob example_job() {
  core::PutJob put;
  put.id = {3, 5, 1048577};
  put.header.accepted_at = from_ms(1700000000000);
  put.header.attempts_max = 5;
  put.header.failures = 1;
  put.header.handouts = 1;
  put.header.handout_epoch = 2;
  put.header.backoff_ms = 1000;
  put.header.result = wire::ResultMode::caller;
  for (std::uint8_t i = 0; i < 16; ++i) put.header.origin.session.bytes[i] = i;
  put.header.origin.batch = 7;
  put.header.origin.index = 2;
  put.payload = Payload::copy_of("hello");
  return put;
}

}  // namespace

TEST_CASE("the constants of journal.md are those of the code") {
  const std::map<std::string, std::uint64_t> ours{
      {"format_version", layout::format_version},
      {"record_version", layout::record_version},
      {"envelope_bytes", layout::envelope_bytes},
      {"job_id_bytes", layout::job_id_bytes},
      {"job_fixed_bytes", layout::job_fixed_bytes},
      {"job_origin_bytes", layout::job_origin_bytes},
      {"bundle_fixed_bytes", layout::bundle_fixed_bytes},
      {"bundle_origin_bytes", layout::bundle_origin_bytes},
      {"bundle_entry_bytes", layout::bundle_entry_bytes},
      {"bundle_entry_origin_bytes", layout::bundle_entry_origin_bytes},
      {"bundle_bytes_max", layout::bundle_bytes_max},
      {"bundle_jobs_max", layout::bundle_jobs_max},
      {"chunk_bytes", layout::chunk_bytes},
      {"inline_payload_bytes", limits::inline_payload_bytes},
      {"history_entries_max", limits::history_entries_max},
      {"history_text_bytes", limits::history_text_bytes},
      {"name_bytes_max", limits::name_bytes_max},
      {"word_bytes_max", layout::word_bytes_max},
      {"batch_records_max", batch_records_max},
      {"batch_bytes_max", batch_bytes_max},
      {"job_record_bytes", limits::job_record_bytes},
  };
  const auto page = table_of("| name | value |");
  CHECK(page.size() == ours.size());
  for (const auto& constant : ours) {
    const auto& name = constant.first;
    CAPTURE(name);
    REQUIRE(page.count(name) == 1);
    CHECK(page.at(name) == std::to_string(constant.second));
  }
}

TEST_CASE("the kinds of journal.md are those of the code") {
  using layout::Kind;
  const std::map<Kind, std::string> ours{
      {Kind::format, "format"},   {Kind::epoch, "epoch"},   {Kind::sequences, "sequences"},
      {Kind::commit, "commit"},   {Kind::queue, "queue"},   {Kind::counts, "counts"},
      {Kind::job, "job"},         {Kind::dead, "dead"},     {Kind::chunk, "chunk"},
      {Kind::due, "due"},         {Kind::held, "held"},     {Kind::instance, "instance"},
      {Kind::session, "session"}, {Kind::result, "result"}, {Kind::index, "index"},
      {Kind::bundle, "bundle"}};
  const auto page = table_of("| kind | name | where | body |");
  CHECK(page.size() == ours.size());
  for (const auto& [kind, name] : ours)
    CHECK(page.at(std::to_string(static_cast<int>(kind))) == name);
}

TEST_CASE("the databases of journal.md are those of the code (J-2.7)") {
  const auto page = table_of("| db | key | value |");
  CHECK(page.size() == layout::db::all.size());
  for (const std::string_view name : layout::db::all) CHECK(page.count(std::string(name)) == 1);
}

TEST_CASE("the example of journal.md is what the codec writes (J-3.3)") {
  const core::PutJob put = example_job();
  JobView job = view_of(put);
  std::string memory;
  append_history(job, {from_ms(1700000001000), 1, "failed", "w1", "exit 1"}, memory);

  const std::string key = example_bytes("key");
  const std::string expected = example_bytes("value");
  std::string record(job_record_size(layout::Kind::job, job), '\0');
  write_job(layout::Kind::job, key, job, record.data());
  CHECK(record == expected);

  // and the other way round, as every later version must still read it
  const auto read = read_job(layout::Kind::job, key, expected);
  REQUIRE(read.has_value());
  CHECK(read->payload == "hello");
  CHECK(read->header.origin.batch == 7);
  REQUIRE(read_history(*read).has_value());
  CHECK(read_history(*read)->at(0).worker == "w1");
}

TEST_CASE("the bundle of journal.md is what the codec writes (J-3.3)") {
  std::vector<core::PutJob> puts;
  for (const std::string payload : {"one", "two", "three"}) {
    core::PutJob put;
    const std::uint64_t i = puts.size();
    put.id = {3, 5, 1048578 + i};
    put.header.accepted_at = from_ms(1700000000000 + 2 * i);
    put.header.expires_at = from_ms(1700000060000 + 2 * i);
    put.header.attempts_max = 5;
    put.header.backoff_ms = 1000;
    put.payload = Payload::copy_of(payload);
    puts.push_back(put);
  }
  const std::string key = example_bytes("bundle key");
  BundleDraft draft;
  for (const core::PutJob& put : puts) REQUIRE(draft.add(put));
  std::string record(draft.record_bytes(), '\0');
  draft.write(key, record.data());
  Bundle bundle;
  REQUIRE_FALSE(bundle.read(key, record).has_value());
  bundle.drop(1);
  std::string rest(bundle.record_bytes(), '\0');
  bundle.write(key, rest.data());
  const std::string expected = example_bytes("bundle value");
  CHECK(rest == expected);

  Bundle read;
  REQUIRE_FALSE(read.read(key, expected).has_value());
  REQUIRE(read.size() == 2);
  CHECK(read.id(1) == JobId{3, 5, 1048580});
  CHECK(read.job(1).payload == "three");
  CHECK(read.job(1).header.expires_at == from_ms(1700000060004));
}
