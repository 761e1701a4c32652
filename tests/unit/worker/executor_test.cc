#include "worker/executor.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace zcrew::worker {
namespace {

constexpr std::chrono::seconds patience{10};

// Handlers that run until they are let go.
class Gate {
 public:
  Answer pass() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    const std::uint64_t round = round_;
    changed_.wait(lock, [&] { return round != round_; });
    --inside_;
    changed_.notify_all();
    return {};
  }
  // False if so many never ran at once.
  bool holds(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return inside_ == count; });
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      ++round_;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  std::uint64_t round_ = 0;
};

struct Bench {
  ~Bench() { gate.open(); }

  std::deque<HeldJob> jobs;
  Gate gate;
  net::Wakeup progress;
  net::Watch lookout;
  Executor executor{[this](const Attempt&) { return gate.pass(); }, progress, lookout,
                    [] { return true; }};

  void start(std::size_t count) {
    std::vector<HeldJob*> started;
    for (std::size_t i = 0; i < count; ++i) started.push_back(&jobs.emplace_back());
    executor.start(started);
  }
};

}  // namespace

TEST_CASE("jobs that are given one right behind the other begin at once while places are free") {
  Bench bench;
  bench.executor.set_concurrency(2);
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    bench.start(1);
    bench.start(1);
    REQUIRE(bench.gate.holds(2));
    bench.gate.open();
    REQUIRE(bench.gate.holds(0));
  }
}

TEST_CASE("a concurrency that is raised again is used at once") {
  Bench bench;
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    bench.executor.set_concurrency(2);
    bench.start(2);
    REQUIRE(bench.gate.holds(2));
    bench.gate.open();
    REQUIRE(bench.gate.holds(0));
    bench.executor.set_concurrency(1);
    bench.start(1);
    REQUIRE(bench.gate.holds(1));
    bench.start(1);
    bench.executor.set_concurrency(2);
    REQUIRE(bench.gate.holds(2));
    bench.gate.open();
    REQUIRE(bench.gate.holds(0));
  }
}

}  // namespace zcrew::worker
