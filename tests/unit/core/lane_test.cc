// A lane by itself: which jobs are in memory, which in the gap, and which is next.
#include "core/lane.h"

#include <doctest/doctest.h>

#include <memory>

namespace zcrew::core {
namespace {

class Jobs {
 public:
  Job& make(Sequence sequence) {
    jobs_.push_back(std::make_unique<Job>());
    jobs_.back()->id = {1, 5, sequence};
    jobs_.back()->last_record = sequence;
    return *jobs_.back();
  }
  void append(Lane& lane, Sequence from, Sequence to) {
    for (Sequence i = from; i <= to; ++i) lane.append(make(i));
  }

 private:
  std::vector<std::unique_ptr<Job>> jobs_;
};

std::vector<Sequence> sequences(const std::vector<Job*>& jobs) {
  std::vector<Sequence> all;
  for (const Job* job : jobs) all.push_back(job->id.sequence);
  return all;
}

}  // namespace

TEST_CASE("the next job that is not older than a bound is found wherever it lies") {
  Jobs jobs;
  Lane lane;
  jobs.append(lane, 10, 14);
  REQUIRE(lane.put_back(jobs.make(3), 0, true));
  REQUIRE(lane.put_back(jobs.make(12), 0, true));  // as if 12 had been out
  CHECK(lane.front_from(0)->id.sequence == 3);
  CHECK(lane.front_from(4)->id.sequence == 10);
  CHECK(lane.front_from(13)->id.sequence == 13);
  CHECK(lane.front_from(15) == nullptr);
}

TEST_CASE("a job that is not in memory cannot be taken") {
  Jobs jobs;
  Lane lane;
  CHECK(lane.take(1) == nullptr);
  jobs.append(lane, 10, 11);
  jobs.append(lane, 13, 14);
  CHECK(lane.take(12) == nullptr);
  CHECK(lane.take(15) == nullptr);
  CHECK(lane.take(13)->id.sequence == 13);
  CHECK(lane.find(13) == nullptr);
  CHECK(lane.in_memory() == 3);
}

TEST_CASE("a lane that shrinks gives its newest jobs to the disk, and none if it is small enough") {
  Jobs jobs;
  Lane lane;
  jobs.append(lane, 1, 6);
  CHECK(lane.shrink(6, 6).empty());
  CHECK_FALSE(lane.gap().open());
  CHECK(sequences(lane.shrink(4, 6)) == std::vector<Sequence>{6, 5});
  CHECK(lane.gap().shows(5));
  CHECK_FALSE(lane.gap().contains(4));
  // Once more: the gap now begins earlier, and has what it had.
  CHECK(sequences(lane.shrink(2, 6)) == std::vector<Sequence>{4, 3});
  CHECK(lane.gap().shows(3));
  CHECK(lane.gap().shows(6));
  CHECK(lane.front()->id.sequence == 1);
}

TEST_CASE("a job that came back behind the gap's beginning goes first, and leaves the gap alone") {
  Jobs jobs;
  Lane lane;
  jobs.append(lane, 1, 4);
  lane.shrink(2, 4);
  lane.left(3);                                   // it was out, …
  REQUIRE(lane.put_back(jobs.make(3), 5, true));  // … and is here again
  CHECK(sequences(lane.shrink(2, 5)) == std::vector<Sequence>{3});
  CHECK(lane.gap().begin() == 2);
  CHECK(lane.gap().shows(3));
  CHECK(lane.gap().shows(4));
}

TEST_CASE("a lane that shrinks after a restart joins what it drops to what the start found") {
  Jobs jobs;
  Lane lane;
  lane.gap().open_between(0, 10);
  jobs.append(lane, 10, 13);
  CHECK(lane.front() == nullptr);  // the gap may have older ones
  CHECK(sequences(lane.shrink(2, 13)) == std::vector<Sequence>{13, 12});
  CHECK(lane.gap().endless());
  CHECK(lane.gap().begin() == 0);
  CHECK_FALSE(lane.gap().shows(10));  // in memory: a page must not bring it again
  CHECK(lane.gap().shows(12));
}

}  // namespace zcrew::core
