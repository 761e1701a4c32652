#include "journal/bundle_codec.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "journal/keys.h"

using namespace zcrew;
using namespace zcrew::journal;

namespace {

core::PutJob bundled_job(Sequence sequence, std::size_t payload_bytes = 100) {
  core::PutJob put;
  put.id = {3, 5, sequence};
  put.header.accepted_at = from_ms(1000000 + sequence);
  put.header.expires_at = from_ms(1060000 + sequence);
  put.header.attempts_max = 5;
  put.header.backoff_ms = 250;
  put.header.time_limit_ms = 60000;
  put.header.result = wire::ResultMode::caller;
  put.header.origin.session.bytes[15] = 1;
  put.header.origin.batch = 12 + sequence;
  put.header.origin.index = 34;
  put.payload =
      Payload::copy_of(std::string(payload_bytes, static_cast<char>('a' + sequence % 26)));
  return put;
}

std::string written(const BundleDraft& draft) {
  std::string record(draft.record_bytes(), '\0');
  draft.write(job_key(draft.last()).view(), record.data());
  return record;
}

Bundle read(const std::string& record, const JobId& last) {
  Bundle bundle;
  REQUIRE_FALSE(bundle.read(job_key(last).view(), record).has_value());
  return bundle;
}

void check_same(const Bundle& bundle, std::size_t at, const core::PutJob& put) {
  const JobView view = bundle.job(at);
  CHECK(bundle.id(at) == put.id);
  CHECK(view.payload == put.payload.view());
  CHECK(view.payload_bytes == put.payload.size());
  CHECK(view.header.accepted_at == put.header.accepted_at);
  CHECK(view.header.expires_at == put.header.expires_at);
  CHECK(view.header.attempts_max == put.header.attempts_max);
  CHECK(view.header.backoff_ms == put.header.backoff_ms);
  CHECK(view.header.time_limit_ms == put.header.time_limit_ms);
  CHECK(view.header.result == put.header.result);
  CHECK(view.header.at_most_once == put.header.at_most_once);
  CHECK(view.header.failures + view.header.crashes + view.header.handouts == 0);
  if (!has_origin(put.header)) return;
  CHECK(view.header.origin.session == put.header.origin.session);
  CHECK(view.header.origin.batch == put.header.origin.batch);
  CHECK(view.header.origin.index == put.header.origin.index);
}

}  // namespace

TEST_CASE("the jobs of a bundle read back as they were put") {
  for (const auto result : {wire::ResultMode::none, wire::ResultMode::caller}) {
    std::vector<core::PutJob> puts{bundled_job(7), bundled_job(8, 0), bundled_job(70, 1024),
                                   bundled_job(71)};
    BundleDraft draft;
    for (core::PutJob& put : puts) {
      put.header.result = result;
      REQUIRE(draft.add(put));
    }
    const std::string record = written(draft);
    CHECK(record.size() == draft.record_bytes());
    const Bundle bundle = read(record, draft.last());
    REQUIRE(bundle.size() == puts.size());
    for (std::size_t i = 0; i < puts.size(); ++i) check_same(bundle, i, puts[i]);
  }
}

TEST_CASE("a bundle has at most 64 jobs (J-2.9)") {
  std::vector<core::PutJob> puts;
  for (Sequence i = 1; i <= 65; ++i) puts.push_back(bundled_job(i, 1));
  BundleDraft draft;
  for (Sequence i = 0; i < 64; ++i) CHECK(draft.add(puts[i]));
  CHECK_FALSE(draft.add(puts[64]));
}

TEST_CASE("a bundle fills at most one page (J-2.9)") {
  std::vector<core::PutJob> puts;
  for (Sequence i = 1; i <= 60; ++i) puts.push_back(bundled_job(i));
  BundleDraft draft;
  std::size_t added = 0;
  while (draft.add(puts[added])) ++added;
  CHECK(draft.record_bytes() <= layout::bundle_bytes_max);
  CHECK(draft.record_bytes() + 110 > layout::bundle_bytes_max);
  CHECK(draft.puts().size() == added);
}

TEST_CASE("jobs that do not share a bundle's settings are of another (J-2.9)") {
  using Change = std::function<void(core::PutJob&)>;
  const std::vector<Change> changes{
      [](core::PutJob& put) { put.id.queue = 4; },
      [](core::PutJob& put) { put.id.priority = 4; },
      [](core::PutJob& put) { put.id.sequence = 7; },
      [](core::PutJob& put) { put.id.sequence += 65536; },
      [](core::PutJob& put) {
        put.header.accepted_at -= Milliseconds{2};
        put.header.expires_at -= Milliseconds{2};
      },
      [](core::PutJob& put) {
        put.header.accepted_at += Milliseconds{65536};
        put.header.expires_at += Milliseconds{65536};
      },
      [](core::PutJob& put) { put.header.expires_at += Milliseconds{1}; },
      [](core::PutJob& put) { put.header.expires_at = {}; },
      [](core::PutJob& put) { ++put.header.attempts_max; },
      [](core::PutJob& put) { ++put.header.backoff_ms; },
      [](core::PutJob& put) { ++put.header.time_limit_ms; },
      [](core::PutJob& put) { put.header.result = wire::ResultMode::keep; },
      [](core::PutJob& put) { put.header.at_most_once = true; },
      [](core::PutJob& put) { put.header.origin.session.bytes[0] = 1; },
      [](core::PutJob& put) { put.header.origin.batch = 11; },
      [](core::PutJob& put) { put.header.origin.batch += 65536; },
  };
  const core::PutJob first = bundled_job(7);
  for (const Change& change : changes) {
    CAPTURE(&change - changes.data());
    core::PutJob second = bundled_job(8);
    BundleDraft draft;
    REQUIRE(draft.add(first));
    change(second);
    REQUIRE(BundleDraft::suits(second));
    CHECK_FALSE(draft.add(second));
    CHECK(draft.puts().size() == 1);
  }
}

TEST_CASE("jobs that were tried, wait, are large or odd are in no bundle (J-2.9)") {
  using Change = std::function<void(core::PutJob&)>;
  const std::vector<Change> changes{
      [](core::PutJob& put) { put.due = from_ms(1); },
      [](core::PutJob& put) { put.payload = Payload::copy_of(std::string(1025, 'x')); },
      [](core::PutJob& put) { put.header.failures = 1; },
      [](core::PutJob& put) { put.header.crashes = 1; },
      [](core::PutJob& put) { put.header.handouts = 1; },
      [](core::PutJob& put) { put.header.handout_epoch = 1; },
      [](core::PutJob& put) { put.header.origin.index = 65536; },
      [](core::PutJob& put) { put.header.expires_at = put.header.accepted_at; },
  };
  CHECK(BundleDraft::suits(bundled_job(7)));
  for (const Change& change : changes) {
    CAPTURE(&change - changes.data());
    core::PutJob put = bundled_job(7);
    change(put);
    CHECK_FALSE(BundleDraft::suits(put));
  }
}

TEST_CASE("jobs leave a bundle in any order, and what is left reads the same (J-2.9)") {
  std::vector<core::PutJob> puts;
  for (Sequence i = 1; i <= 9; ++i) puts.push_back(bundled_job(10 * i, i));
  BundleDraft draft;
  for (const core::PutJob& put : puts) REQUIRE(draft.add(put));
  std::string record = written(draft);
  const JobId last = draft.last();
  for (const std::size_t leaves : {8U, 0U, 4U, 5U, 1U, 7U, 2U, 6U}) {
    Bundle bundle = read(record, last);
    const auto at = bundle.find(puts[leaves].id.sequence);
    REQUIRE(at.has_value());
    bundle.drop(*at);
    CHECK_FALSE(bundle.find(puts[leaves].id.sequence).has_value());
    std::string rest(bundle.record_bytes(), '\0');
    bundle.write(job_key(last).view(), rest.data());
    puts[leaves].id.sequence = 0;  // gone
    const Bundle less = read(rest, last);
    CHECK(less.size() == bundle.left());
    for (const core::PutJob& put : puts) {
      const auto found = less.find(put.id.sequence);
      CHECK(found.has_value() == (put.id.sequence != 0));
      if (found) check_same(less, *found, put);
    }
    record = rest;
  }
}

TEST_CASE("above() skips to the next job") {
  const std::vector<core::PutJob> puts{bundled_job(7), bundled_job(8), bundled_job(20)};
  BundleDraft draft;
  for (const core::PutJob& put : puts) REQUIRE(draft.add(put));
  const std::string record = written(draft);
  const Bundle bundle = read(record, draft.last());
  CHECK(bundle.above(0) == 0);
  CHECK(bundle.above(7) == 1);
  CHECK(bundle.above(8) == 2);
  CHECK(bundle.above(19) == 2);
  CHECK(bundle.above(20) == 3);
}

TEST_CASE("a bundle that is cut, longer, of another key or kind is none (J-3.1, J-3.2)") {
  const std::vector<core::PutJob> puts{bundled_job(7), bundled_job(8), bundled_job(20)};
  BundleDraft draft;
  for (const core::PutJob& put : puts) REQUIRE(draft.add(put));
  const std::string record = written(draft);
  const auto key = job_key(draft.last());
  Bundle bundle;
  CHECK(bundle.read(job_key({3, 5, 21}).view(), record) == Fault::checksum);
  const auto resealed = [&](std::string bytes, std::string_view of) {
    seal(layout::Kind::bundle, of, bytes.data(), bytes.size());
    return bundle.read(of, bytes);
  };
  CHECK_FALSE(resealed(record, key.view()).has_value());
  CHECK(resealed(record + 'x', key.view()) == Fault::shape);
  for (std::size_t size = layout::envelope_bytes; size < record.size(); ++size)
    CHECK(resealed(record.substr(0, size), key.view()) == Fault::shape);
  CHECK(bundle.size() == 0);
  std::string other = record;
  seal(layout::Kind::job, key.view(), other.data(), other.size());
  CHECK(bundle.read(key.view(), other) == Fault::kind);
}

TEST_CASE("jobs out of order, above the key, or none are no bundle (J-3.6)") {
  const std::vector<core::PutJob> puts{bundled_job(7), bundled_job(8), bundled_job(20)};
  BundleDraft draft;
  for (const core::PutJob& put : puts) REQUIRE(draft.add(put));
  const std::string record = written(draft);
  Bundle bundle;
  const auto with = [&](std::size_t at, char value, Sequence last = 20) {
    std::string bytes = record;
    bytes[at] = value;
    const auto key = job_key({3, 5, last});
    seal(layout::Kind::bundle, key.view(), bytes.data(), bytes.size());
    return bundle.read(key.view(), bytes);
  };
  constexpr std::size_t count = 13;
  constexpr std::size_t first_entry =
      layout::envelope_bytes + layout::bundle_fixed_bytes + layout::bundle_origin_bytes;
  CHECK_FALSE(with(count, 3).has_value());
  CHECK(with(count, 0) == Fault::shape);
  CHECK(with(count, 2) == Fault::shape);
  CHECK(with(first_entry + 1, 1) == Fault::shape);  // as the second
  CHECK(with(10, 2) == Fault::shape);               // an unknown flag
  CHECK(with(11, 3) == Fault::shape);               // an unknown mode
  CHECK(with(count, 3, 19) == Fault::shape);        // the last is above the key
  CHECK_FALSE(with(count, 3, 21).has_value());      // the one at the key has left
  constexpr std::size_t base = layout::envelope_bytes + 4;
  CHECK(with(base, 1) == Fault::shape);  // all of them are above the key
}

TEST_CASE("a bundle of more than a page, of too many jobs or too large ones is none (J-3.2)") {
  const auto read_of = [](std::uint16_t jobs, std::uint16_t payload_bytes) {
    std::string record(layout::envelope_bytes + layout::bundle_fixed_bytes, '\0');
    record[12] = static_cast<char>(jobs >> 8U);
    record[13] = static_cast<char>(jobs);
    for (std::uint16_t i = 0; i < jobs; ++i) {
      std::string entry(layout::bundle_entry_bytes + payload_bytes, '\0');
      entry[1] = static_cast<char>(i);
      entry[4] = static_cast<char>(payload_bytes >> 8U);
      entry[5] = static_cast<char>(payload_bytes);
      record += entry;
    }
    const auto key = job_key({3, 5, 1000});
    seal(layout::Kind::bundle, key.view(), record.data(), record.size());
    return Bundle{}.read(key.view(), record);
  };
  CHECK_FALSE(read_of(64, 10).has_value());
  CHECK(read_of(65, 10) == Fault::shape);
  CHECK_FALSE(read_of(3, 1024).has_value());
  CHECK(read_of(3, 1025) == Fault::shape);
  CHECK(read_of(4, 1024) == Fault::shape);
}
