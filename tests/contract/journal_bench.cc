// How fast commits and the pending batch are; run by hand:
//   journal_bench [DIRECTORY]    (on the disk that matters; the default is the current directory)
// Each commit puts new jobs of 100 bytes and removes old ones of a backlog of 100,000.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "journal/pending_batch.h"
#include "lmdb/lmdb_journal.h"

using namespace zcrew;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of this process: what a busy machine does not blur.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

core::Record put_of(Sequence sequence, const Payload& payload) {
  core::PutJob put;
  put.id = {1, 5, sequence};
  put.header.attempts_max = 5;
  put.payload = payload;
  return put;
}

core::Record removal_of(Sequence sequence, core::JournalSequence cancels = 0) {
  return core::RemoveJob{{1, 5, sequence}, core::Place::ready, {}, cancels};
}

void bench_commits(const std::string& directory, std::size_t pairs) {
  const std::string path = directory + "/journal-bench";
  std::filesystem::remove_all(path);
  {
    lmdb::LmdbJournal journal({path});
    journal.open();
    const Payload payload = Payload::copy_of(std::string(100, 'x'));
    Sequence next = 1;
    Sequence oldest = 1;
    core::JournalSequence last = 0;
    journal::Batch batch;
    const auto commit = [&](std::size_t puts, std::size_t removals) {
      batch.puts.clear();
      batch.removals.clear();
      for (std::size_t i = 0; i < puts; ++i) batch.puts.push_back(put_of(next++, payload));
      for (std::size_t i = 0; i < removals; ++i) batch.removals.push_back(removal_of(oldest++));
      batch.last = last += batch.size();
      const auto start = Clock::now();
      journal.make_room();
      journal.commit(batch);
      journal.make_room();
      return seconds_since(start);
    };
    for (int i = 0; i < 10; ++i) commit(10000, 0);
    double seconds = 0;
    std::size_t records = 0;
    int commits = 0;
    const double cpu = cpu_seconds();
    for (; seconds < 2; ++commits) {
      seconds += commit(pairs, pairs);
      records += 2 * pairs;
    }
    std::printf(
        "%6zu puts and %6zu removals a commit: %9.0f records/s, %7.2f ms a commit, %4.0f ns of CPU "
        "a "
        "record\n",
        pairs, pairs, static_cast<double>(records) / seconds, 1000 * seconds / commits,
        1e9 * (cpu_seconds() - cpu) / static_cast<double>(records));
  }
  std::filesystem::remove_all(path);
}

// Jobs that come and go before a commit, `open` of them at a time.
void bench_pending(std::size_t open) {
  journal::PendingBatch pending;
  const Payload payload = Payload::copy_of(std::string(100, 'x'));
  std::vector<core::Record> step;
  std::vector<core::JournalSequence> numbers(open, 0);
  constexpr std::size_t rounds = 2000000;
  core::JournalSequence number = 0;
  const double start = cpu_seconds();
  for (std::size_t i = 0; i < rounds; ++i) {
    const std::size_t slot = i % open;
    if (numbers[slot] != 0) {
      step.push_back(removal_of(i + 1 - open, numbers[slot]));
      ++number;
    }
    step.push_back(put_of(i + 1, payload));
    numbers[slot] = ++number;
    if (step.size() >= 64) pending.add(step);
  }
  pending.add(step);
  std::printf("pending batch, %5zu jobs open: %.1f ns a record with making it\n", open,
              1e9 * (cpu_seconds() - start) / static_cast<double>(number));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : ".";
  for (const std::size_t open : {64U, 1024U, 16384U}) bench_pending(open);
  for (const std::size_t pairs : {500U, 5000U, 25000U}) bench_commits(directory, pairs);
}
