// A process that commits is killed at any moment; what it had said is there, in whole batches.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <vector>

#include "fixtures.h"
#include "lmdb/check.h"

using namespace zcrew;
using namespace zcrew::test;

namespace {

constexpr Sequence jobs_per_batch = 20;
constexpr Sequence batches_alive = 15;

// Batch n puts its jobs (some of them large) and removes those of batch n - batches_alive: what is
// in the journal says exactly which batches it has.
std::vector<core::Record> records_of(Sequence batch) {
  std::vector<core::Record> records;
  for (Sequence i = 0; i < jobs_per_batch; ++i) {
    const std::size_t size = i == 7 ? 9000 : 100 + i;
    records.emplace_back(
        job_of({1 + batch % 3 == 0 ? 1U : 2U, 5, batch * jobs_per_batch + i}, size));
  }
  if (batch > batches_alive) {
    for (core::Record& record : records_of(batch - batches_alive)) {
      if (const auto* put = std::get_if<core::PutJobs>(&record))
        records.emplace_back(core::RemoveJob{put->first.id, core::Place::ready, {}, 0});
      if (records.size() >= 2 * jobs_per_batch) break;
    }
  }
  return records;
}

// Commits batch after batch and says each on `report` once it is durable; never returns.
[[noreturn]] void commit_for_ever(const std::string& directory, int report) {
  lmdb::LmdbOptions options{directory};
  options.disk = endless_disk();
  lmdb::LmdbJournal journal(options);
  journal.open();
  Author author;
  for (Sequence batch = 1;; ++batch) {
    journal.make_room();
    journal.commit(author.batch(records_of(batch)));
    if (::write(report, &batch, sizeof batch) != sizeof batch) ::_exit(1);
  }
}

// The last batch that the child said before it was killed after `life`.
Sequence run_and_kill(const std::string& directory, std::chrono::microseconds life) {
  int ends[2] = {};
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    commit_for_ever(directory, ends[1]);
  }
  ::close(ends[1]);
  Sequence said = 0;
  const auto deadline = std::chrono::steady_clock::now() + life;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd waiting{ends[0], POLLIN, 0};
    const timespec timeout{left.count() / 1000000000, left.count() % 1000000000};
    if (::ppoll(&waiting, 1, &timeout, nullptr) > 0 &&
        ::read(ends[0], &said, sizeof said) != sizeof said)
      break;
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  for (Sequence more = 0; ::read(ends[0], &more, sizeof more) == sizeof more;) said = more;
  ::close(ends[0]);
  return said;
}

// Which batch the journal ends with, by its jobs; all of them must be of whole batches.
Sequence last_batch_of(journal::Journal& journal) {
  std::vector<Sequence> found;
  for (const QueueNumber queue : {1U, 2U}) {
    const auto page = journal.read_ready({queue, 5, 0, 0, 100000, 1000000000});
    CHECK(page.reached_end);
    for (const core::LoadedJob& job : page.jobs) found.push_back(job.id.sequence);
  }
  if (found.empty()) return 0;
  std::sort(found.begin(), found.end());
  const Sequence last = found.back() / jobs_per_batch;
  const Sequence first = last > batches_alive ? last - batches_alive + 1 : 1;
  CHECK(found.size() == (last - first + 1) * jobs_per_batch);
  CHECK(found.front() == first * jobs_per_batch);
  return last;
}

}  // namespace

TEST_CASE("a killed process leaves whole batches, none missing that it had said (J-1.2)") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Sequence said_in_all = 0;
  for (int round = 0; round < 50; ++round) {
    const TemporaryDirectory directory;
    const Sequence said =
        run_and_kill(directory.journal(), std::chrono::microseconds{5000 + random() % 60000});
    said_in_all += said;
    {
      lmdb::LmdbOptions options{directory.journal()};
      options.disk = endless_disk();
      lmdb::LmdbJournal journal(options);
      const core::Recovered recovered = journal.open();
      const Sequence there = last_batch_of(journal);
      CHECK(there >= said);
      CHECK(there <= said + 1);
      CHECK(recovered.counters.accepted == there * jobs_per_batch);
    }
    const lmdb::CheckReport report = lmdb::check_journal(directory.journal());
    for (const std::string& problem : report.problems) MESSAGE(problem);
    CHECK(report.ok);
  }
  CHECK(said_in_all > 0);  // else it was always killed before it did anything
}
