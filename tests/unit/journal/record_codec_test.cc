#include "journal/record_codec.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "journal/keys.h"

using namespace zcrew;
using namespace zcrew::journal;
using layout::Kind;

namespace {

core::PutJob some_job(std::size_t payload_bytes) {
  core::PutJob put;
  put.id = {3, 5, 77};
  put.header.accepted_at = from_ms(1000);
  put.header.expires_at = from_ms(2000);
  put.header.attempts_max = 5;
  put.header.failures = 1;
  put.header.crashes = 2;
  put.header.handouts = 9;
  put.header.handout_epoch = 4;
  put.header.backoff_ms = 250;
  put.header.time_limit_ms = 60000;
  put.header.result = wire::ResultMode::keep;
  put.header.at_most_once = true;
  put.header.origin.session.bytes[15] = 1;
  put.header.origin.batch = 12;
  put.header.origin.index = 34;
  put.payload = Payload::copy_of(std::string(payload_bytes, 'p'));
  return put;
}

std::string written(Kind kind, std::string_view key, const JobView& job) {
  std::string record(job_record_size(kind, job), '\0');
  write_job(kind, key, job, record.data());
  return record;
}

bool same(const core::JobHeader& a, const core::JobHeader& b) {
  return a.accepted_at == b.accepted_at && a.expires_at == b.expires_at &&
         a.attempts_max == b.attempts_max && a.failures == b.failures && a.crashes == b.crashes &&
         a.handouts == b.handouts && a.handout_epoch == b.handout_epoch &&
         a.backoff_ms == b.backoff_ms && a.time_limit_ms == b.time_limit_ms &&
         a.result == b.result && a.at_most_once == b.at_most_once &&
         a.origin.session == b.origin.session && a.origin.batch == b.origin.batch &&
         a.origin.index == b.origin.index;
}

}  // namespace

TEST_CASE("a job reads back as it was written") {
  for (const std::size_t size : {0U, 1U, 100U, 1024U}) {
    const core::PutJob put = some_job(size);
    const auto key = job_key(put.id);
    const std::string record = written(Kind::job, key.view(), view_of(put));
    const auto job = read_job(Kind::job, key.view(), record);
    REQUIRE(job.has_value());
    CHECK(same(job->header, put.header));
    CHECK(job->payload == put.payload.view());
    CHECK(job->payload_bytes == size);
    CHECK_FALSE(job->payload_in_blobs());
  }
}

TEST_CASE("a payload above 1,024 bytes is not in the record (J-2.5)") {
  const core::PutJob put = some_job(1025);
  const auto key = job_key(put.id);
  const std::string record = written(Kind::job, key.view(), view_of(put));
  CHECK(record.size() ==
        layout::envelope_bytes + layout::job_fixed_bytes + layout::job_origin_bytes);
  const auto job = read_job(Kind::job, key.view(), record);
  REQUIRE(job.has_value());
  CHECK(job->payload_in_blobs());
  CHECK(job->payload_bytes == 1025);
  CHECK(job->payload.empty());
}

TEST_CASE("a job whose end nobody is told of takes no room for its producer") {
  core::PutJob put = some_job(100);
  put.header.result = wire::ResultMode::none;
  const auto key = job_key(put.id);
  const std::string record = written(Kind::job, key.view(), view_of(put));
  CHECK(record.size() == layout::envelope_bytes + layout::job_fixed_bytes + 100);
  const auto job = read_job(Kind::job, key.view(), record);
  REQUIRE(job.has_value());
  put.header.origin = {};
  CHECK(same(job->header, put.header));
  CHECK(job->payload == put.payload.view());
}

TEST_CASE("a dead letter has its time and reason besides") {
  const core::PutJob put = some_job(10);
  const auto key = job_key(put.id);
  JobView view = view_of(put);
  view.died_at = from_ms(5000);
  view.reason = "rejected";
  const std::string record = written(Kind::dead, key.view(), view);
  const auto job = read_job(Kind::dead, key.view(), record);
  REQUIRE(job.has_value());
  CHECK(job->died_at == from_ms(5000));
  CHECK(job->reason == "rejected");
  CHECK(job->payload == put.payload.view());
}

TEST_CASE("every flipped bit is noticed (J-3.1)") {
  const core::PutJob put = some_job(40);
  const auto key = job_key(put.id);
  JobView view = view_of(put);
  std::string memory;
  append_history(view, {from_ms(9), 1, "failed", "w", "text"}, memory);
  std::string record = written(Kind::job, key.view(), view);
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    record[bit / 8] = static_cast<char>(record[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(read_job(Kind::job, key.view(), record).has_value());
    record[bit / 8] = static_cast<char>(record[bit / 8] ^ (1 << (bit % 8)));
  }
  CHECK(read_job(Kind::job, key.view(), record).has_value());
}

TEST_CASE("a record does not verify under another key or as another kind (J-3.1)") {
  const core::PutJob put = some_job(40);
  const auto key = job_key(put.id);
  const auto other = job_key({3, 5, 78});
  const std::string record = written(Kind::job, key.view(), view_of(put));
  CHECK(read_job(Kind::job, other.view(), record).error() == Fault::checksum);
  CHECK(read_job(Kind::dead, key.view(), record).error() == Fault::kind);
}

TEST_CASE("a record cut short or with bytes left over is refused (J-3.2)") {
  const core::PutJob put = some_job(40);
  const auto key = job_key(put.id);
  const std::string record = written(Kind::job, key.view(), view_of(put));
  for (std::size_t size = 0; size < record.size(); ++size) {
    std::string part = record.substr(0, size);
    CHECK_FALSE(read_job(Kind::job, key.view(), part).has_value());
    if (size < layout::envelope_bytes) continue;
    seal(Kind::job, key.view(), part.data(), part.size());  // even if its checksum is right
    CHECK(read_job(Kind::job, key.view(), part).error() == Fault::shape);
  }
  std::string longer = record + "x";
  seal(Kind::job, key.view(), longer.data(), longer.size());
  CHECK(read_job(Kind::job, key.view(), longer).error() == Fault::shape);
}

TEST_CASE("a record of a version this zcrew does not know is refused (J-3.2)") {
  const core::PutJob put = some_job(4);
  const auto key = job_key(put.id);
  std::string record = written(Kind::job, key.view(), view_of(put));
  record[0] = 2;
  CHECK(read_job(Kind::job, key.view(), record).error() == Fault::version);
  CHECK(read_job(Kind::dead, key.view(), record).error() == Fault::version);  // whatever it is
}

TEST_CASE("each fault is told in words of its own") {
  std::set<std::string_view> texts;
  for (const Fault fault : {Fault::version, Fault::kind, Fault::checksum, Fault::shape}) {
    CHECK(texts.insert(text_of(fault)).second);
  }
}

TEST_CASE("numbers out of range are refused though the checksum is right (J-3.2)") {
  const core::PutJob put = some_job(4);
  const auto key = job_key(put.id);
  const std::string good = written(Kind::job, key.view(), view_of(put));
  const auto with = [&](std::size_t offset, char byte) {
    std::string record = good;
    record[offset] = byte;
    seal(Kind::job, key.view(), record.data(), record.size());
    return read_job(Kind::job, key.view(), record).has_value();
  };
  CHECK_FALSE(with(10, 2));    // an unknown flag
  CHECK_FALSE(with(11, 3));    // an unknown result mode
  CHECK_FALSE(with(12, 17));   // more history than there can be
  CHECK_FALSE(with(13, 1));    // not zero
  CHECK_FALSE(with(62, 127));  // a payload of 2 GB
  CHECK(with(53, 9));
}

TEST_CASE("a payload in chunks that claims more than there can be is refused (J-3.2)") {
  JobView job = view_of(some_job(2000));
  const auto key = job_key({3, 5, 77});
  job.payload_bytes = limits::payload_bytes_max;
  CHECK(read_job(Kind::job, key.view(), written(Kind::job, key.view(), job)).has_value());
  job.payload_bytes = limits::payload_bytes_max + 1;
  CHECK(read_job(Kind::job, key.view(), written(Kind::job, key.view(), job)).error() ==
        Fault::shape);
}

TEST_CASE("a history with more in it than its count says is refused (J-3.2)") {
  const core::PutJob put = some_job(4);
  JobView job = view_of(put);
  std::string memory;
  append_history(job, {from_ms(1), 1, "failed", "w", ""}, memory);
  CHECK(read_history(job).has_value());
  job.history_count = 0;
  CHECK(read_history(job).error() == Fault::shape);
}

TEST_CASE("the first and the newest history entries stay (J-3.4)") {
  const core::PutJob put = some_job(4);
  JobView job = view_of(put);
  std::string memory;
  for (std::uint32_t attempt = 1; attempt <= 40; ++attempt) {
    const std::string previous(job.history);
    job.history = previous;
    append_history(job, {from_ms(attempt), attempt, "failed", "w", ""}, memory);
  }
  const auto history = read_history(job);
  REQUIRE(history.has_value());
  REQUIRE(history->size() == 16);
  CHECK(history->front().attempt == 1);
  for (std::size_t i = 1; i < 16; ++i) CHECK(history->at(i).attempt == 25 + i);
}

TEST_CASE("an entry without an event is none") {
  const core::PutJob put = some_job(4);
  JobView job = view_of(put);
  std::string memory;
  append_history(job, {}, memory);
  CHECK(job.history_count == 0);
  CHECK(job.history.empty());
}

TEST_CASE("texts are cut to their bounds (J-3.5)") {
  const core::PutJob put = some_job(4);
  JobView job = view_of(put);
  std::string memory;
  const std::string endless(100000, 'x');
  append_history(job, {from_ms(1), 1, endless, endless, endless}, memory);
  const auto history = read_history(job);
  REQUIRE(history.has_value());
  CHECK(history->at(0).event.size() == layout::word_bytes_max);
  CHECK(history->at(0).worker.size() == limits::name_bytes_max);
  CHECK(history->at(0).text.size() == limits::history_text_bytes);

  job.reason = endless;
  const auto key = job_key(put.id);
  const auto dead = read_job(Kind::dead, key.view(), written(Kind::dead, key.view(), job));
  REQUIRE(dead.has_value());
}
