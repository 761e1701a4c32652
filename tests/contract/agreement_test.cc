// Random histories: the journal on disk and the one in memory answer every question alike, and what
// is on disk passes the check.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "fixtures.h"
#include "history.h"
#include "lmdb/check.h"

using namespace zcrew;
using namespace zcrew::test;
using core::Place;

namespace {

void same(const core::JobHeader& a, const core::JobHeader& b) {
  CHECK(a.accepted_at == b.accepted_at);
  CHECK(a.expires_at == b.expires_at);
  CHECK(a.attempts_max == b.attempts_max);
  CHECK(a.failures == b.failures);
  CHECK(a.backoff_ms == b.backoff_ms);
  CHECK(a.time_limit_ms == b.time_limit_ms);
  CHECK(a.result == b.result);
  if (a.result == wire::ResultMode::none) return;
  CHECK(a.origin.session == b.origin.session);
  CHECK(a.origin.batch == b.origin.batch);
  CHECK(a.origin.index == b.origin.index);
}

void same(const std::vector<core::LoadedJob>& a, const std::vector<core::LoadedJob>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].id == b[i].id);
    CHECK(a[i].place == b[i].place);
    CHECK(a[i].due == b[i].due);
    same(a[i].header, b[i].header);
    CHECK(a[i].payload_bytes == b[i].payload_bytes);
    CHECK(a[i].payload.view() == b[i].payload.view());
  }
}

void same_pages(journal::Journal& disk, journal::Journal& memory, History& history) {
  const core::ReadReady ready{static_cast<QueueNumber>(1 + history.below(3)),
                              static_cast<Priority>(history.below(10)),
                              history.below(history.next()),
                              history.below(2) * history.below(history.next() + 2),
                              static_cast<std::uint32_t>(1 + history.below(20)),
                              history.below(5000)};
  const auto a = disk.read_ready(ready);
  const auto b = memory.read_ready(ready);
  same(a.jobs, b.jobs);
  CHECK(a.reached_end == b.reached_end);
  CHECK(a.as_of == b.as_of);

  const core::ReadLater later{from_ms(history.below(1000)), history.any_id(),
                              from_ms(history.below(1200)),
                              static_cast<std::uint32_t>(1 + history.below(20))};
  const auto c = disk.read_later(later);
  const auto d = memory.read_later(later);
  same(c.jobs, d.jobs);
  CHECK(c.reached_end == d.reached_end);

  const auto queue = static_cast<QueueNumber>(history.below(4));
  const JobId after = history.any_id();
  const auto e = disk.read_dead(queue, after, 5);
  const auto f = memory.read_dead(queue, after, 5);
  CHECK(e.reached_end == f.reached_end);
  REQUIRE(e.letters.size() == f.letters.size());
  for (std::size_t i = 0; i < e.letters.size(); ++i) {
    CHECK(e.letters[i].id == f.letters[i].id);
    CHECK(e.letters[i].history.size() == f.letters[i].history.size());
    for (std::size_t k = 0; k < e.letters[i].history.size(); ++k)
      CHECK(e.letters[i].history[k].text == f.letters[i].history[k].text);
  }
}

void same_ids(journal::Journal& disk, journal::Journal& memory, History& history) {
  core::LoadJobs request{7, {}};
  for (int i = 0; i < 8; ++i) request.jobs.push_back(history.any_id());
  if (history.below(2) == 0) std::sort(request.jobs.begin(), request.jobs.end());
  same(disk.load_jobs(request).jobs, memory.load_jobs(request).jobs);
  const auto a = disk.load_results({7, request.jobs});
  const auto b = memory.load_results({7, request.jobs});
  for (std::size_t i = 0; i < request.jobs.size(); ++i) {
    CHECK(a.results[i].found == b.results[i].found);
    CHECK(a.results[i].place == b.results[i].place);
    CHECK(a.results[i].result.bytes.view() == b.results[i].result.bytes.view());
    const auto c = disk.load_payload({request.jobs[i], Place::ready});
    const auto d = memory.load_payload({request.jobs[i], Place::ready});
    CHECK(c.found == d.found);
    CHECK(c.payload.view() == d.payload.view());
  }
  CHECK(disk.expired_results(from_ms(500), 50) == memory.expired_results(from_ms(500), 50));
}

}  // namespace

TEST_CASE("disk and memory agree over a random history, across restarts (J-2.3, J-5.1)") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  History history(seed);
  OnDisk disk;
  InMemory memory;
  Author author;
  for (int round = 0; round < 400; ++round) {
    const journal::Batch batch = author.batch(history.step());
    disk.journal->commit(batch);
    memory.journal->commit(batch);
    same_pages(*disk.journal, *memory.journal, history);
    same_ids(*disk.journal, *memory.journal, history);
    if (history.below(100) == 0) {
      disk.reopen();
      memory.reopen();
      CHECK(disk.recovered.epoch == memory.recovered.epoch);
      CHECK(disk.recovered.counters == memory.recovered.counters);
      CHECK(disk.recovered.held.size() == memory.recovered.held.size());
      CHECK(disk.recovered.results == memory.recovered.results);
    }
  }
  disk.journal.reset();
  const lmdb::CheckReport report = lmdb::check_journal(disk.directory.journal());
  for (const std::string& problem : report.problems) MESSAGE(problem);
  CHECK(report.ok);
  CHECK(report.ready > 0);
  CHECK(report.chunks > 0);
}
