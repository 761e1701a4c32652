#include "worker/executor.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "net/alarm.h"
#include "net/clock.h"

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
  net::Alarm alarm;
  net::Watch lookout;
  Executor executor{[this](const Attempt&) { return gate.pass(); }, alarm, lookout,
                    [] { return true; }, [] {}};

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

// What has finished, as a session would take it, and how many at a time.
struct Takings {
  std::vector<HeldJob*> jobs;
  std::vector<std::size_t> sizes;

  void take(Executor& executor) {
    std::vector<HeldJob*> finished;
    executor.take_finished(finished);
    if (finished.empty()) return;
    jobs.insert(jobs.end(), finished.begin(), finished.end());
    sizes.push_back(finished.size());
  }
};

TEST_CASE("what has finished is called for while the next job takes long") {
  Bench bench;
  net::Watch watch;
  watch.add(bench.alarm.fd());
  bench.start(2);
  REQUIRE(bench.gate.holds(1));
  CHECK_FALSE(bench.alarm.is_set());  // nothing has finished
  bench.gate.open();
  REQUIRE(watch.wait(patience));
  REQUIRE(bench.gate.holds(1));  // the second: the first is out
  Takings takings;
  takings.take(bench.executor);
  CHECK(takings.jobs == std::vector{&bench.jobs[0]});
}

TEST_CASE("a job that took long leaves no turn to its own thread") {
  constexpr std::size_t count = 8;
  std::deque<HeldJob> jobs(count);
  std::atomic<std::size_t> glances{0};
  net::Alarm alarm;
  net::Watch lookout;
  net::Watch watch;
  watch.add(alarm.fd());
  const auto work = [&](const Attempt&) {
    const Instant until = net::read_monotonic() + Milliseconds{1};
    while (net::read_monotonic() < until) {
    }
    return Answer{};
  };
  Executor executor(
      work, alarm, lookout, [] { return true; }, [&] { ++glances; });
  std::vector<HeldJob*> started;
  for (HeldJob& job : jobs) started.push_back(&job);
  executor.start(started);
  Takings takings;
  while (takings.jobs.size() < count - 1) {  // behind the last comes no other
    REQUIRE(watch.wait(patience));
    alarm.drain();
    takings.take(executor);
  }
  CHECK(glances == 0);
}

TEST_CASE("jobs that follow each other are taken by the thread that runs them, many at a time") {
  constexpr std::size_t count = 20000;
  std::deque<HeldJob> jobs(count);
  Takings takings;
  std::size_t glances = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  net::Alarm alarm;
  net::Watch lookout;
  Executor* self = nullptr;
  const auto glance = [&] {
    ++glances;
    takings.take(*self);
  };
  const auto look = [&] {
    takings.take(*self);
    if (takings.jobs.size() < count) return true;
    const std::lock_guard guard(mutex);
    over = true;
    changed.notify_all();
    return true;
  };
  Executor executor([](const Attempt&) { return Answer{}; }, alarm, lookout, look, glance);
  self = &executor;
  std::vector<HeldJob*> started;
  for (HeldJob& job : jobs) started.push_back(&job);
  executor.start(started);
  std::unique_lock lock(mutex);
  REQUIRE(changed.wait_for(lock, patience, [&] { return over; }));
  CHECK(takings.jobs == started);  // in the order of their end
  CHECK(glances > 0);
  CHECK(takings.sizes.size() < count / 10);
}

}  // namespace zcrew::worker
