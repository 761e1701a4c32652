// Reads beside commits, over every journal.
#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "fixtures.h"

using namespace zcrew;
using namespace zcrew::test;

namespace {

constexpr Sequence jobs_replaced = 10;
constexpr Sequence batches = 300;

// Batch n replaces the jobs of batch n - 1 by its own, one of them large.
std::vector<core::Record> replacing_records(Sequence batch) {
  std::vector<core::Record> records;
  for (Sequence i = 0; i < jobs_replaced; ++i) {
    const JobId id{1, 5, batch * jobs_replaced + i};
    records.emplace_back(job_of(id, i == 3 ? 6000 : 50));
    if (batch > 1)
      records.emplace_back(
          core::RemoveJob{{1, 5, id.sequence - jobs_replaced}, core::Place::ready, {}, 0});
  }
  return records;
}

// Reads until the last batch is seen; counts what is not the state after some whole batch.
int torn_reads(journal::Journal& journal,
               const std::map<core::JournalSequence, Sequence>& batch_of) {
  int torn = 0;
  for (Sequence seen = 0; seen < batches;) {
    const auto page = journal.read_ready({1, 5, 0, 0, 1000, 1000000});
    seen = batch_of.at(page.as_of);
    const bool whole = seen == 0
                           ? page.jobs.empty()
                           : page.jobs.size() == jobs_replaced &&
                                 page.jobs.front().id.sequence == seen * jobs_replaced &&
                                 page.jobs.back().id.sequence == (seen + 1) * jobs_replaced - 1;
    if (!whole || !page.reached_end) ++torn;
    const JobId large{1, 5, seen * jobs_replaced + 3};
    const auto payload = journal.load_payload({large, core::Place::ready});
    if (payload.found && payload.payload.view() != bytes_of(6000).view()) ++torn;
  }
  return torn;
}

}  // namespace

TEST_CASE_TEMPLATE("a read beside commits sees whole commits only (J-5.1)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  std::vector<journal::Batch> work;
  std::map<core::JournalSequence, Sequence> batch_of{{0, 0}};
  for (Sequence n = 1; n <= batches; ++n) {
    work.push_back(author.batch(replacing_records(n)));
    batch_of[work.back().last] = n;
  }
  std::atomic<int> torn{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] { torn += torn_reads(*fixture.journal, batch_of); });
  for (const journal::Batch& batch : work) {
    fixture.journal->make_room();
    fixture.journal->commit(batch);
    fixture.journal->gauges();
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(torn == 0);
}
