// How fast commits and the pending batch are; run by hand:
//   journal_bench [DIRECTORY]    (on the disk that matters; the default is the current directory)
// Each commit puts new jobs of 100 bytes and removes as many of a backlog of 100,000: the oldest,
// as where one worker drains it; any, as where jobs take very different times; or of a thousand
// queues in turn.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <deque>
#include <filesystem>
#include <random>
#include <string>
#include <utility>
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

core::PutJob put_of(const JobId& id, const Payload& payload) {
  core::PutJob put;
  put.id = id;
  put.header.attempts_max = 5;
  put.payload = payload;
  return put;
}

core::RemoveJob removal_of(const JobId& id, core::JournalSequence cancels = 0) {
  return {id, core::Place::ready, {}, cancels};
}

struct Order {
  const char* name;
  QueueNumber queues = 1;
  bool any = false;
};

void bench_commits(const std::string& directory, std::size_t pairs, const Order& order) {
  const std::string path = directory + "/journal-bench";
  std::filesystem::remove_all(path);
  {
    lmdb::LmdbJournal journal({path});
    journal.open();
    const Payload payload = Payload::copy_of(std::string(100, 'x'));
    Sequence next = 1;
    std::deque<JobId> waiting;
    std::mt19937_64 random(1);
    core::JournalSequence last = 0;
    journal::Batch batch;
    const auto commit = [&](std::size_t puts, std::size_t removals) {
      batch.puts.clear();
      batch.removals.clear();
      for (std::size_t i = 0; i < puts; ++i, ++next) {
        waiting.push_back({1 + static_cast<QueueNumber>(next % order.queues), 5, next});
        batch.puts.push_back(put_of(waiting.back(), payload));
      }
      for (std::size_t i = 0; i < removals; ++i) {
        if (order.any) std::swap(waiting.front(), waiting[random() % (waiting.size() - puts)]);
        batch.removals.push_back(removal_of(waiting.front()));
        waiting.pop_front();
      }
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
        "%s, %zu puts and removals a commit: %.0f records/s, %.2f ms a commit, %.0f ns of CPU a "
        "record\n",
        order.name, pairs, static_cast<double>(records) / seconds, 1000 * seconds / commits,
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
      step.emplace_back(removal_of({1, 5, i + 1 - open}, numbers[slot]));
      ++number;
    }
    step.emplace_back(put_of({1, 5, i + 1}, payload));
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
  for (const Order& order : {Order{"oldest"}, Order{"any", 1, true}, Order{"1,000 queues", 1000},
                             Order{"any of 1,000 queues", 1000, true}})
    for (const std::size_t pairs : {500U, 5000U, 25000U}) bench_commits(directory, pairs, order);
}
