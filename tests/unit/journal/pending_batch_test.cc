#include "journal/pending_batch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"

using namespace zcrew;
using namespace zcrew::journal;

namespace {

JobId job(Sequence sequence) { return {1, 5, sequence}; }

core::Record put(Sequence sequence, std::size_t payload_bytes = 0) {
  core::PutJob record;
  record.id = job(sequence);
  record.payload = Payload::copy_of(std::string(payload_bytes, 'x'));
  return record;
}

// A run of jobs, whose payloads differ.
core::Record puts(Sequence first, std::uint64_t count, std::size_t payload_bytes) {
  core::PutJobs run{std::get<core::PutJobs>(put(first, payload_bytes))};
  for (std::uint64_t i = 1; i < count; ++i) {
    run.more.push_back(Payload::copy_of(std::string(payload_bytes + i, 'x')));
  }
  return run;
}

core::Record remove(Sequence sequence, core::JournalSequence cancels) {
  core::RemoveJob record;
  record.id = job(sequence);
  record.cancels = cancels;
  return record;
}

void add(PendingBatch& pending, std::vector<core::Record> step) { pending.add(step); }

core::Totals totals(std::uint64_t accepted) {
  core::Totals out;
  out.counters.accepted = accepted;
  return out;
}

}  // namespace

TEST_CASE("the oldest put, what cannot wait, and the bytes that were cancelled are known") {
  PendingBatch pending;
  CHECK(pending.oldest_put() == 1);
  add(pending, {put(10, 100), put(11), remove(5, 0)});
  CHECK(pending.oldest_put() == 1);
  CHECK_FALSE(pending.urgent());
  const std::uint64_t waiting = pending.bytes();
  add(pending, {remove(10, 1)});
  CHECK(pending.oldest_put() == 2);
  CHECK(pending.bytes() + pending.cancelled_bytes() == waiting);
  CHECK(pending.cancelled_bytes() >= 100);
  add(pending, {remove(11, 2)});
  CHECK(pending.oldest_put() == pending.last() + 1);
  add(pending, {put(12)});
  CHECK(pending.oldest_put() == pending.last());
  add(pending, {core::RemoveHeld{job(3)}});
  CHECK(pending.urgent());
  const Batch batch = pending.take({});
  CHECK(batch.size() == 3);
  CHECK_FALSE(pending.urgent());
}

TEST_CASE("a batch has its records in order, the totals and the last number (J-4.1)") {
  PendingBatch pending;
  CHECK(pending.empty());
  add(pending, {put(10), put(11)});
  add(pending, {core::RemoveHeld{job(3)}});
  CHECK_FALSE(pending.empty());
  CHECK(pending.last() == 3);

  const Batch batch = pending.take(totals(42));
  REQUIRE(batch.size() == 3);
  CHECK(batch.puts[0].id == job(10));
  CHECK(batch.puts[1].id == job(11));
  CHECK(std::holds_alternative<core::RemoveHeld>(batch.changes.at(0)));
  CHECK(batch.last == 3);
  CHECK(batch.totals.counters.accepted == 42);
  CHECK(pending.empty());
}

TEST_CASE("a step's vector is left empty with its memory") {
  PendingBatch pending;
  std::vector<core::Record> step{put(1), put(2)};
  const std::size_t capacity = step.capacity();
  pending.add(step);
  CHECK(step.empty());
  CHECK(step.capacity() == capacity);
}

TEST_CASE("a removal cancels the put it names (J-4.2)") {
  PendingBatch pending;
  add(pending, {put(10), put(11), put(12)});
  add(pending, {remove(11, 2)});
  const Batch batch = pending.take({});
  REQUIRE(batch.size() == 2);
  CHECK(batch.puts[0].id == job(10));
  CHECK(batch.puts[1].id == job(12));
  CHECK(batch.last == 4);  // the cancelled ones are in it (J-4.1)
}

TEST_CASE("a removal of a put that was taken stays (J-4.2)") {
  PendingBatch pending;
  add(pending, {put(10)});
  CHECK(pending.take({}).size() == 1);
  add(pending, {put(11)});
  add(pending, {remove(10, 1)});
  const Batch batch = pending.take({});
  REQUIRE(batch.size() == 2);
  CHECK(batch.removals.at(0).id == job(10));
}

TEST_CASE("a removal of a put in a closed batch stays (J-4.2)") {
  PendingBatch pending;
  add(pending, {put(10)});
  pending.close({});
  CHECK_FALSE(pending.empty());
  add(pending, {remove(10, 1)});
  CHECK(pending.take_closed().size() == 1);
  CHECK(pending.take({}).size() == 1);
}

TEST_CASE("a removal that names no put stays (J-4.2)") {
  PendingBatch pending;
  add(pending, {put(10), remove(5, 0)});
  CHECK(pending.take({}).size() == 2);
  add(pending, {put(11), put(12)});
  add(pending, {remove(11, 3), remove(11, 3)});  // the second finds it cancelled
  CHECK(pending.take({}).size() == 2);
  add(pending, {put(13), remove(14, 9)});  // a number that nothing has yet
  CHECK(pending.take({}).size() == 2);
}

TEST_CASE("results cancel like jobs (J-4.2)") {
  PendingBatch pending;
  core::PutResult result;
  result.id = job(10);
  add(pending, {put(11), result});
  add(pending, {core::RemoveResult{job(10), 2}});
  const Batch batch = pending.take({});
  REQUIRE(batch.size() == 1);
  CHECK(batch.puts.at(0).id == job(11));
}

TEST_CASE("when all was cancelled there is nothing to write (J-4.4)") {
  PendingBatch pending;
  add(pending, {put(10), put(11)});
  add(pending, {remove(11, 2)});
  CHECK_FALSE(pending.empty());
  add(pending, {remove(10, 1)});
  CHECK(pending.empty());
  CHECK(pending.last() == 4);
  CHECK(pending.bytes() == 0);
  add(pending, {put(12)});
  CHECK(pending.take({}).last == 5);
}

TEST_CASE("a batch is full at 50,000 records that were not cancelled (J-4.3)") {
  PendingBatch pending;
  Sequence next = 1;
  for (std::size_t i = 0; i + 1 < batch_records_max; ++i) add(pending, {put(next++)});
  CHECK_FALSE(pending.full());
  add(pending, {remove(7, 7)});
  add(pending, {put(next++)});
  CHECK_FALSE(pending.full());
  add(pending, {put(next++)});
  CHECK(pending.full());
  pending.close(totals(1));
  CHECK_FALSE(pending.full());
  add(pending, {put(next++)});
  REQUIRE(pending.has_closed());
  const Batch first = pending.take_closed();
  CHECK(first.size() == batch_records_max);
  CHECK(first.totals.counters.accepted == 1);
  CHECK_FALSE(pending.has_closed());
  CHECK(pending.take({}).size() == 1);
}

TEST_CASE("a step's records stay in one batch, even over the bound (J-4.3)") {
  PendingBatch pending;
  std::vector<core::Record> step;
  for (Sequence i = 1; i <= batch_records_max + 100; ++i) step.push_back(put(i));
  pending.add(step);
  CHECK(pending.full());
  CHECK(pending.take({}).size() == batch_records_max + 100);
}

TEST_CASE("a batch is full at 64 MiB (J-4.3)") {
  PendingBatch pending;
  const std::size_t payload = std::size_t{4} << 20U;
  for (Sequence i = 1; i <= 15; ++i) add(pending, {put(i, payload)});
  CHECK_FALSE(pending.full());
  add(pending, {remove(15, 15)});
  add(pending, {put(16, payload)});
  CHECK_FALSE(pending.full());
  add(pending, {put(17, payload)});
  CHECK(pending.full());
}

TEST_CASE("bytes count payloads and records of what waits, closed or open") {
  PendingBatch pending;
  add(pending, {put(1, 1000)});
  const std::uint64_t one = pending.bytes();
  CHECK(one == 1000 + limits::job_record_bytes);
  pending.close({});
  add(pending, {put(2, 1000)});
  CHECK(pending.bytes() == 2 * one);
  add(pending, {remove(2, 2)});
  CHECK(pending.bytes() == one);
  CHECK(pending.take_closed().bytes == one);
  CHECK(pending.bytes() == 0);
}

TEST_CASE("jobs that come and go during a long commit take no memory") {
  PendingBatch pending;
  add(pending, {put(1)});
  core::JournalSequence number = 1;
  for (Sequence i = 2; i < 200000; ++i) {
    add(pending, {put(i)});
    const core::JournalSequence put_number = ++number;
    add(pending, {remove(i, put_number)});
    ++number;
  }
  const Batch batch = pending.take({});
  CHECK(batch.size() == 1);
  CHECK(batch.puts.capacity() < 4096);
  CHECK(batch.last == number);
}

TEST_CASE("spent memory is used again") {
  PendingBatch pending;
  Batch spent;
  spent.puts.reserve(12345);
  pending.recycle(std::move(spent));
  add(pending, {put(1)});
  const Batch batch = pending.take({});
  CHECK(batch.size() == 1);
  CHECK(batch.puts.capacity() == 12345);
}

TEST_CASE("of spent memory no more is kept than one batch to fill and one to commit need") {
  PendingBatch pending;
  for (int i = 0; i < 3; ++i) {
    Batch spent;
    spent.puts.reserve(12345);
    pending.recycle(std::move(spent));
  }
  std::vector<std::size_t> capacities;
  for (Sequence i = 1; i <= 4; ++i) {
    add(pending, {put(i)});
    capacities.push_back(pending.take({}).puts.capacity());
  }
  CHECK(std::count(capacities.begin(), capacities.end(), 12345) == 2);
}

TEST_CASE("any order of puts, removals and takes leaves what a plain model leaves (J-4.2)") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  PendingBatch pending;
  std::set<Sequence> on_disk;                         // the model of the journal
  std::map<Sequence, core::JournalSequence> numbers;  // live jobs and their put's number
  std::set<Sequence> expected;                        // live jobs
  core::JournalSequence number = 0;
  Sequence next = 1;

  const auto carry_out = [&](const Batch& batch) {
    core::JournalSequence last_put = 0;
    CHECK(batch.changes.empty());
    for (const core::PutJob& one : batch.puts) {
      CHECK(one.id.sequence > last_put);  // order is kept
      last_put = one.id.sequence;
      CHECK(on_disk.insert(one.id.sequence).second);
    }
    for (const core::RemoveJob& one : batch.removals) CHECK(on_disk.erase(one.id.sequence) == 1);
  };

  for (int round = 0; round < 3000; ++round) {
    std::vector<core::Record> step;
    for (std::uint64_t i = random() % 8; i > 0; --i) {
      const std::uint64_t run = random() % 3 == 0 ? 1 + random() % 6 : 1;
      if (expected.empty() || random() % 5 < 3) {
        step.push_back(puts(next, run, random() % 50));
        for (std::uint64_t job = 0; job < run; ++job) {
          expected.insert(next);
          numbers[next++] = ++number;
        }
      } else {
        auto victim = expected.begin();
        std::advance(victim, static_cast<std::ptrdiff_t>(random() % expected.size()));
        core::RemoveJobs ends{
            core::RemoveJob{job(*victim), core::Place::ready, {}, numbers[*victim]}};
        // As many of those behind it as there are in a row, by both numbers.
        for (victim = expected.erase(victim); ends.count < run && victim != expected.end();
             ++ends.count) {
          const core::RemoveJob next_one = ends.job(ends.count);
          if (*victim != next_one.id.sequence || numbers[*victim] != next_one.cancels) break;
          victim = expected.erase(victim);
        }
        number += ends.count;
        step.push_back(ends);
      }
    }
    pending.add(step);
    CHECK(pending.last() == number);
    switch (random() % 40) {
      case 0:
        if (!pending.has_closed() && !pending.empty()) carry_out(pending.take({}));
        break;
      case 1:
        if (!pending.has_closed() && !pending.empty()) pending.close({});
        break;
      case 2:
        if (pending.has_closed()) carry_out(pending.take_closed());
        break;
      default:
        break;
    }
  }
  while (pending.has_closed()) carry_out(pending.take_closed());
  if (!pending.empty()) {
    const Batch rest = pending.take({});
    CHECK(rest.last == number);
    carry_out(rest);
  }
  CHECK(on_disk == expected);
  CHECK(pending.bytes() == 0);
}
