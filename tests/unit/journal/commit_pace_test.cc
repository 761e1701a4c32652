#include "journal/commit_pace.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

using namespace zcrew;
using namespace zcrew::journal;

namespace {

// A router in which a job ends every `gap`, `lifetime` after it came: all in one queue, in order.
class Flow {
 public:
  Flow(Duration gap, Duration lifetime) : gap_(gap), lifetime_(lifetime) {
    pace_.learn(Instant{}, 1, Milliseconds{1});  // what a sync costs
  }

  void run(Duration time) {
    for (const Instant end = now_ + time; now_ < end; now_ += Duration{100}) turn();
  }
  void add(std::vector<core::Record> records) { pending_.add(records); }
  void stop() { stopped_ = true; }
  void await() { awaited_ = true; }

  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t written() const { return written_; }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  [[nodiscard]] Duration longest_wait() const { return longest_wait_; }

 private:
  struct Live {
    Instant came;
    JobId id;
    core::JournalSequence put;
  };

  void turn() {
    while (!stopped_ && next_ <= now_) {
      core::PutJob put;
      put.id = {1, 5, ++accepted_};
      pending_.add(records_ = {put});
      live_.push_back({now_, put.id, pending_.last()});
      next_ += gap_;
    }
    while (!stopped_ && !live_.empty() && live_.front().came + lifetime_ <= now_) {
      pending_.add(records_ = {core::RemoveJob{
                       live_.front().id, core::Place::ready, {}, live_.front().put}});
      live_.pop_front();
      ++ended_;
    }
    pace_.observe(now_, pending_.last(), {live_.size(), ended_, awaited_});
    if (pending_.empty() || pace_.due(pending_) > now_) return;
    // The oldest that no commit took yet has waited the longest.
    const auto waiting = std::partition_point(live_.begin(), live_.end(),
                                              [&](const Live& job) { return job.put <= taken_; });
    if (waiting != live_.end()) longest_wait_ = std::max(longest_wait_, now_ - waiting->came);
    taken_ = pending_.last();
    ++commits_;
    written_ = pending_.jobs_put();
    const std::size_t records = pending_.take({}).size();
    pace_.learn(now_, records, Milliseconds{1});
  }

  const Duration gap_;
  const Duration lifetime_;
  CommitPace pace_;
  PendingBatch pending_;
  std::vector<core::Record> records_;
  std::deque<Live> live_;
  Instant now_{std::chrono::seconds{1}};
  Instant next_ = now_;
  core::JournalSequence taken_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t commits_ = 0;
  Duration longest_wait_{};
  bool stopped_ = false;
  bool awaited_ = false;
};

}  // namespace

TEST_CASE("a stream of many short jobs is hardly written: removals cancel their puts (J-4.12)") {
  Flow flow(Duration{2}, Milliseconds{20});
  flow.run(std::chrono::seconds{3});
  CHECK(flow.written() * 10 < flow.accepted());
  // Counters and sessions go to disk all the same.
  CHECK(flow.commits() >= 2);
}

TEST_CASE("one quick job after another is hardly written, however few live at a time (J-4.12)") {
  // Lives of 1.5 commits, five of six moments without a job.
  Flow flow(Microseconds{9000}, Microseconds{1500});
  flow.run(std::chrono::seconds{10});
  CHECK(flow.accepted() > 1000);
  CHECK(flow.written() * 10 < flow.accepted());
}

TEST_CASE("where writing is cheaper than waiting, a commit begins at once (J-4.12)") {
  SUBCASE("few jobs that take longer than a sync") {
    Flow flow(Milliseconds{5}, Milliseconds{10});
    flow.run(std::chrono::seconds{1});
    CHECK(flow.longest_wait() == Duration{});
    CHECK(flow.written() == flow.accepted());
  }
  SUBCASE("many long jobs") {
    Flow flow(Duration{20}, std::chrono::seconds{2});
    flow.run(std::chrono::seconds{3});
    CHECK(flow.longest_wait() == Duration{});
  }
  SUBCASE("jobs that come faster than they could be written, but last longer than a confirm may") {
    Flow flow(Duration{5}, Milliseconds{300});
    flow.run(Milliseconds{500});
    CHECK(flow.longest_wait() == Duration{});
  }
}

TEST_CASE("removals alone wait for company, but no longer than a second (J-4.12)") {
  const Instant start{std::chrono::seconds{1}};
  CommitPace pace;
  pace.learn(start, 1, Milliseconds{1});
  pace.observe(start, 0, {0, 0, false});
  const Instant now = start + Milliseconds{10};
  PendingBatch pending;
  std::vector<core::Record> step{core::RemoveJob{{1, 5, 1}, core::Place::ready, {}, 0}};
  pending.add(step);
  pace.observe(now, pending.last(), {10, 1000, false});  // jobs come and go quickly
  CHECK(pace.due(pending) == start + std::chrono::seconds{1});
  step = {core::PutJob{}};
  pending.add(step);
  pace.observe(now, pending.last(), {10, 1000, false});
  CHECK(pace.due(pending) < now + Milliseconds{100});  // a put does not wait that long
}

TEST_CASE(
    "a put waits three lifetimes and no longer when its job does not end after all (J-4.12)") {
  Flow flow(Duration{2}, Milliseconds{20});
  flow.run(std::chrono::seconds{2});
  flow.stop();
  flow.run(Milliseconds{200});
  CHECK(flow.longest_wait() <= Milliseconds{66});  // three lifetimes, measured in windows of 4 ms
}

TEST_CASE("more than a job's put or removal is taken at once, with all that waits (J-4.12)") {
  Flow flow(Duration{2}, Milliseconds{20});
  flow.run(std::chrono::seconds{2});
  const std::uint64_t before = flow.commits();
  flow.add({core::RemoveInstance{}});
  flow.run(Duration{100});
  CHECK(flow.commits() == before + 1);
}

TEST_CASE("a read that waits for the disk is not kept waiting (J-4.12)") {
  Flow flow(Duration{2}, Milliseconds{20});
  flow.run(std::chrono::seconds{2});
  const std::uint64_t before = flow.commits();
  flow.await();
  flow.run(Duration{100});
  CHECK(flow.commits() == before + 1);
}
