#include "journal/row_codec.h"

#include <doctest/doctest.h>

#include <string>

#include "journal/keys.h"

using namespace zcrew;
using namespace zcrew::journal;

namespace {

// No single byte of the record may change, be missing or be added without notice.
template <typename Read>
void check_guarded(const std::string& record, Read read) {
  CHECK(read(record).has_value());
  for (std::size_t i = 0; i < record.size(); ++i) {
    std::string changed = record;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    CHECK_FALSE(read(changed).has_value());
    CHECK_FALSE(read(record.substr(0, i)).has_value());
  }
  CHECK_FALSE(read(record + '\0').has_value());
}

Uuid uuid_of(std::uint8_t byte) {
  Uuid uuid;
  uuid.bytes.fill(byte);
  return uuid;
}

}  // namespace

TEST_CASE("rows of meta read back (J-3.2)") {
  check_guarded(write_format(1), [](auto record) { return read_format(record); });
  CHECK(*read_format(write_format(7)) == 7);
  check_guarded(write_epoch(9), [](auto record) { return read_epoch(record); });
  CHECK(*read_epoch(write_epoch(9)) == 9);
  check_guarded(write_sequences(1ULL << 40U), [](auto record) { return read_sequences(record); });
  CHECK(*read_sequences(write_sequences(1ULL << 40U)) == 1ULL << 40U);
}

TEST_CASE("the commit row keeps every counter") {
  CommitRow row;
  row.epoch = 3;
  row.sequence = 1234567;
  row.counters.accepted = 1;
  row.counters.done = 2;
  row.counters.malformed = 15;
  const std::string record = write_commit(row);
  check_guarded(record, [](auto bytes) { return read_commit(bytes); });
  const auto read = read_commit(record);
  CHECK(read->epoch == 3);
  CHECK(read->sequence == 1234567);
  CHECK(read->counters == row.counters);
}

TEST_CASE("a commit row of an older zcrew with fewer counters reads as zero there") {
  CommitRow row;
  row.counters.accepted = 8;
  row.counters.malformed = 15;
  std::string record = write_commit(row);
  record.resize(record.size() - 8);
  record[layout::envelope_bytes + 13] = static_cast<char>(record[layout::envelope_bytes + 13] - 1);
  seal(layout::Kind::commit, layout::commit_row, record.data(), record.size());
  const auto read = read_commit(record);
  REQUIRE(read.has_value());
  CHECK(read->counters.accepted == 8);
  CHECK(read->counters.malformed == 0);
}

TEST_CASE("a queue's row keeps all its settings") {
  const auto key = queue_key(12);
  core::QueueSettings settings{"mail", core::Policy::adaptive, 3, 1ULL << 33U, 5, 6, 7, 8, 9, true};
  const std::string record = write_queue(key.view(), settings);
  const auto read = [&](auto bytes) { return read_queue(key.view(), bytes); };
  check_guarded(record, read);
  const auto back = read(record);
  CHECK(back->name == "mail");
  CHECK(back->policy == core::Policy::adaptive);
  CHECK(back->weight == 3);
  CHECK(back->max_ready == 1ULL << 33U);
  CHECK(back->max_held == 5);
  CHECK(back->attempts == 6);
  CHECK(back->crash_limit == 7);
  CHECK(back->backoff_ms == 8);
  CHECK(back->backoff_max_ms == 9);
  CHECK(back->paused);
}

TEST_CASE("counts, due times and held rows read back") {
  const auto queue = queue_key(12);
  const core::QueueCounts counts{1, 2, 3, 4, 5};
  check_guarded(write_counts(queue.view(), counts),
                [&](auto bytes) { return read_counts(queue.view(), bytes); });
  CHECK(*read_counts(queue.view(), write_counts(queue.view(), counts)) == counts);

  const auto job = job_key({1, 2, 3});
  check_guarded(write_due(job.view(), from_ms(99)),
                [&](auto bytes) { return read_due(job.view(), bytes); });
  CHECK(*read_due(job.view(), write_due(job.view(), from_ms(99))) == from_ms(99));

  const core::PutHeld held{{{1, 2, 3}, 4, 5}, uuid_of(6), from_ms(7), from_ms(8), 9};
  const std::string record = write_held(job.view(), held);
  check_guarded(record, [&](auto bytes) { return read_held(job.view(), bytes); });
  const auto back = read_held(job.view(), record);
  CHECK(back->token == held.token);
  CHECK(back->instance == held.instance);
  CHECK(back->since == held.since);
  CHECK(back->lease_end == held.lease_end);
  CHECK(back->attempt == held.attempt);
}

TEST_CASE("instances and sessions read back") {
  const auto key = uuid_key(uuid_of(7));
  const std::string instance = write_instance(key.view(), {uuid_of(7), "w1", from_ms(5)});
  check_guarded(instance, [&](auto bytes) { return read_instance(key.view(), bytes); });
  CHECK(read_instance(key.view(), instance)->instance == uuid_of(7));
  CHECK(read_instance(key.view(), instance)->name == "w1");

  core::PutSession session{uuid_of(7), 12, from_ms(34), {}};
  session.runs.push_back({11, 0, 5, {1, 2, 3}});
  session.runs.push_back({12, 7, 1, {1, 2, 8}});
  const std::string record = write_session(key.view(), session);
  check_guarded(record, [&](auto bytes) { return read_session(key.view(), bytes); });
  const auto back = read_session(key.view(), record);
  CHECK(back->last_batch == 12);
  REQUIRE(back->runs.size() == 2);
  CHECK(back->runs[1].batch == 12);
  CHECK(back->runs[1].index == 7);
  CHECK(back->runs[1].count == 1);
  CHECK(back->runs[1].first == JobId{1, 2, 8});
}

TEST_CASE("a session that claims more runs than it has costs no memory (J-3.2)") {
  const auto key = uuid_key(uuid_of(7));
  std::string record = write_session(key.view(), {uuid_of(7), 12, from_ms(34), {}});
  for (std::size_t i = 0; i < 4; ++i) record[layout::envelope_bytes + 16 + i] = '\xff';
  seal(layout::Kind::session, key.view(), record.data(), record.size());
  CHECK(read_session(key.view(), record).error() == Fault::shape);
}

TEST_CASE("results read back, with their bytes inside up to 1,024 (J-2.5)") {
  const auto key = job_key({1, 2, 3});
  core::PutResult put;
  put.id = {1, 2, 3};
  put.end = wire::End::dead;
  put.attempts = 4;
  put.origin = {uuid_of(1), 2, 3};
  put.worker = "w9";
  put.reason = "crash";
  put.expires_at = from_ms(77);
  for (const std::size_t size : {0U, 1024U, 1025U}) {
    put.bytes = Payload::copy_of(std::string(size, 'r'));
    const std::string record = write_result(key.view(), view_of(put));
    check_guarded(record, [&](auto bytes) { return read_result(key.view(), bytes); });
    const auto back = read_result(key.view(), record);
    CHECK(back->end == wire::End::dead);
    CHECK(back->attempts == 4);
    CHECK(back->origin.session == uuid_of(1));
    CHECK(back->worker == "w9");
    CHECK(back->reason == "crash");
    CHECK(back->expires_at == from_ms(77));
    CHECK(back->result_bytes == size);
    CHECK(back->bytes_in_blobs() == (size > 1024));
    CHECK(back->bytes.size() == (size > 1024 ? 0 : size));
  }
}

TEST_CASE("an index row verifies its key") {
  const auto key = due_key(from_ms(3), {1, 2, 3});
  const std::string record = write_index(key.view());
  check_guarded(record, [&](auto bytes) { return read_index(key.view(), bytes); });
}
