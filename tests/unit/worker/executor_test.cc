#include "worker/executor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
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

namespace {

// Jobs that take no time, but for those that the gate holds.
struct Mixed {
  // Of those numbers.
  explicit Mixed(std::uint32_t concurrency, std::set<std::string> held)
      : long_ones(std::move(held)) {
    watch.add(alarm.fd());
    executor.set_concurrency(concurrency);
  }
  ~Mixed() {
    over = true;
    gate.open();
  }

  void start(Sequence count) {
    std::vector<HeldJob*> started;
    for (Sequence i = 1; i <= count; ++i) {
      jobs.emplace_back().token.job = {1, 5, i};
      started.push_back(&jobs.back());
    }
    executor.start(started);
  }
  // Until so many have finished, with what the alarm says.
  void take(Takings& takings, std::size_t count) {
    const Instant deadline = net::read_monotonic() + patience;
    while (takings.jobs.size() < count) {
      takings.take(executor);
      REQUIRE(net::read_monotonic() < deadline);
      watch.wait(Milliseconds{1});
      alarm.drain();
    }
  }

  const std::set<std::string> long_ones;
  std::set<std::string> slow;  // these take 5 ms
  std::deque<HeldJob> jobs;
  Gate gate;
  std::atomic<bool> over{false};
  std::atomic<int> run{0};
  std::vector<std::string> abandoned;  // one place's
  net::Alarm alarm;
  net::Watch lookout;
  net::Watch watch;
  Executor executor{[this](const Attempt& attempt) {
                      ++run;
                      if (long_ones.contains(attempt.id) && !over) gate.pass();
                      if (slow.contains(attempt.id)) {
                        const Instant until = net::read_monotonic() + Milliseconds{5};
                        while (net::read_monotonic() < until) {
                        }
                      }
                      if (attempt.abandoned()) abandoned.push_back(attempt.id);
                      return Answer{};
                    },
                    alarm, lookout, [] { return true; }, [] {}};
};

}  // namespace

TEST_CASE(
    "what finished before a long job is there while that runs, what is behind it can be had") {
  for (int round = 0; round < 50; ++round) {
    CAPTURE(round);
    Mixed mixed(1, {"q1p5n500"});
    mixed.start(1000);
    REQUIRE(mixed.gate.holds(1));
    Takings takings;
    mixed.take(takings, 499);
    CHECK(takings.jobs.size() == 499);
    std::vector<HeldJob*> behind;
    for (HeldJob& job : mixed.jobs) behind.push_back(&job);
    CHECK(mixed.executor.take_unstarted(behind).size() == 500);
    mixed.gate.open();
    mixed.take(takings, 500);
    CHECK(mixed.run == 500);
  }
}

TEST_CASE("behind a long job another place runs what was to be run there") {
  for (int round = 0; round < 50; ++round) {
    CAPTURE(round);
    Mixed mixed(2, {"q1p5n500"});
    mixed.start(1000);
    REQUIRE(mixed.gate.holds(1));
    Takings takings;
    mixed.take(takings, 999);
    CHECK(mixed.run == 1000);
    mixed.gate.open();
    mixed.take(takings, 1000);
  }
}

TEST_CASE("only the attempt that was taken away is told so, among quick ones too") {
  Mixed mixed(1, {"q1p5n500"});
  mixed.start(1000);
  REQUIRE(mixed.gate.holds(1));
  mixed.executor.abandon(std::vector{&mixed.jobs[499], &mixed.jobs[700]});
  mixed.gate.open();
  Takings takings;
  mixed.take(takings, 1000);
  CHECK(mixed.abandoned == std::vector<std::string>{"q1p5n500"});
}

TEST_CASE("a long job calls for what has finished before it since that was taken last") {
  std::deque<HeldJob> jobs(20000);
  std::vector<HeldJob*> started;
  for (HeldJob& job : jobs) started.push_back(&job);
  Gate gate;
  net::Alarm alarm;
  net::Watch lookout;
  net::Watch watch;
  watch.add(alarm.fd());
  Takings takings;
  int until_long = 0;  // the place's, as what follows
  bool taken = false;
  Executor* self = nullptr;
  const auto work = [&](const Attempt&) {
    if (until_long > 0 && --until_long == 0) gate.pass();
    return Answer{};
  };
  const auto glance = [&] {
    if (std::exchange(taken, true)) return;
    takings.take(*self);
    alarm.set(std::chrono::hours{1});  // whatever it was set for, that is taken
    alarm.drain();
    until_long = 4;
  };
  Executor executor(
      work, alarm, lookout, [] { return true; }, glance);
  self = &executor;
  executor.start(started);
  REQUIRE(gate.holds(1));
  CHECK(watch.wait(patience));
  const std::size_t before = takings.jobs.size();
  takings.take(executor);
  CHECK(takings.jobs.size() == before + 3);
  gate.open();
}

TEST_CASE("each of several long jobs in a row is there soon after its end") {
  for (int round = 0; round < 10; ++round) {
    CAPTURE(round);
    Mixed mixed(1, {"q1p5n504"});
    mixed.slow = {"q1p5n501", "q1p5n502", "q1p5n503"};
    mixed.start(1000);
    REQUIRE(mixed.gate.holds(1));
    Takings takings;
    const Instant deadline = net::read_monotonic() + patience;
    while (takings.jobs.size() < 503) {  // only when the alarm says so
      REQUIRE(mixed.watch.wait(deadline - net::read_monotonic()));
      mixed.alarm.drain();
      takings.take(mixed.executor);
    }
    mixed.gate.open();
  }
}

namespace {

// A place whose jobs are quick until one turns out long.
struct Quick {
  Quick() {
    lookout.add(message.fd());
    watch.add(alarm.fd());
  }
  ~Quick() { gate.open(); }

  void start(std::size_t count) {
    std::vector<HeldJob*> started;
    for (std::size_t i = 0; i < count; ++i) started.push_back(&jobs.emplace_back());
    executor.start(started);
  }
  void wait_for_all() {
    for (std::size_t have = taken; have < jobs.size(); have = taken) taken.wait(have);
  }
  // Runs quick jobs. False if the alarm went off while they ran, or before their thread was back at
  // the socket: then whoever waits for it is at the socket too.
  bool leave_alarm() {
    turns_long = false;
    const Instant began = net::read_monotonic();
    start(1000);
    wait_for_all();
    were_quick = net::read_monotonic() - began < Milliseconds{1};  // not under a sanitizer
    alarm.drain();
    const bool gone_off = watch.wait(Milliseconds{20});
    alarm.drain();
    return alarm.is_set() && !gone_off;
  }

  Gate gate;
  std::deque<HeldJob> jobs;
  bool were_quick = false;
  std::atomic<bool> turns_long{false};
  std::atomic<bool> elsewhere{false};  // somebody else has the turn
  std::atomic<std::size_t> taken{0};
  Takings takings;
  net::Alarm alarm;
  net::Wakeup message;
  net::Watch lookout;
  net::Watch watch;
  Executor executor{[this](const Attempt&) { return turns_long ? gate.pass() : Answer{}; }, alarm,
                    lookout, [this] { return look(); }, [this] { look(); }};

 private:
  bool look() {
    message.drain();
    if (elsewhere) return false;
    takings.take(executor);
    taken = takings.jobs.size();
    taken.notify_all();
    return true;
  }
};

// The alarm is put off for longer.
constexpr Duration well_before = Milliseconds{50};

}  // namespace

TEST_CASE("quick jobs that are done leave the alarm alone, until the next job turns out long") {
  Quick quick;
  int rounds = 0;
  int quick_rounds = 0;
  Duration soonest = Duration::max();
  for (int round = 0; round < 10; ++round) {
    const bool left = quick.leave_alarm();
    quick_rounds += quick.were_quick ? 1 : 0;
    quick.turns_long = true;
    const Instant began = net::read_monotonic();
    quick.start(1);
    REQUIRE(quick.gate.holds(1));
    if (left) {
      ++rounds;
      CHECK(quick.watch.wait(patience));
      soonest = std::min(soonest, net::read_monotonic() - began);
      quick.alarm.drain();
    }
    quick.gate.open();
    quick.wait_for_all();
  }
  CHECK(rounds * 2 >= quick_rounds);
  CHECK((rounds == 0 || soonest < well_before));
}

TEST_CASE("a place that leaves the socket because another has the turn calls with the alarm") {
  int rounds = 0;
  int quick_rounds = 0;
  Duration soonest = Duration::max();
  for (int round = 0; round < 10; ++round) {
    Quick quick;
    const bool left = quick.leave_alarm();
    quick_rounds += quick.were_quick ? 1 : 0;
    if (!left) continue;
    ++rounds;
    quick.elsewhere = true;
    const Instant began = net::read_monotonic();
    quick.message.signal();
    CHECK(quick.watch.wait(patience));
    soonest = std::min(soonest, net::read_monotonic() - began);
  }
  CHECK(rounds * 2 >= quick_rounds);
  CHECK((rounds == 0 || soonest < well_before));
}

TEST_CASE("a concurrency that is raised is used for what a place has claimed") {
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    Mixed mixed(1, {"q1p5n996"});
    mixed.start(1000);
    REQUIRE(mixed.gate.holds(1));
    mixed.executor.set_concurrency(4);
    Takings takings;
    mixed.take(takings, 999);
    CHECK(mixed.run == 1000);
    mixed.gate.open();
  }
}

}  // namespace zcrew::worker
