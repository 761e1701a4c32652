// New jobs wait for their commit in the runs they came in.
#include "journal/pending_puts.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace zcrew;
using namespace zcrew::journal;

namespace {

core::PutJobs run_of(Sequence first, std::size_t count) {
  core::PutJob job;
  job.id = {1, 5, first};
  job.header.attempts_max = 3;
  job.header.result = wire::ResultMode::caller;
  job.header.origin = {Uuid{}, 7, 100};
  job.payload = Payload::copy_of(std::to_string(first));
  core::PutJobs run{job};
  for (Sequence i = first + 1; i < first + count; ++i) {
    run.more.push_back(Payload::copy_of(std::to_string(i)));
  }
  return run;
}

std::vector<Sequence> taken(PendingPuts& pending) {
  std::vector<core::PutJob> puts;
  pending.take(puts);
  std::vector<Sequence> sequences;
  for (const core::PutJob& put : puts) {
    CHECK(put.payload.view() == std::to_string(put.id.sequence));
    sequences.push_back(put.id.sequence);
  }
  CHECK(pending.size() == 0);
  return sequences;
}

}  // namespace

TEST_CASE("what is left of a run is written as the jobs it stands for") {
  PendingPuts pending;
  pending.add(run_of(11, 5), 1);
  CHECK(pending.oldest() == 1);
  CHECK(pending.cancel(1, {1, 5, 11}) == std::string("11").size());
  CHECK(pending.cancel(3, {1, 5, 13}) == 2);
  CHECK(pending.oldest() == 2);
  CHECK(pending.size() == 3);
  std::vector<core::PutJob> puts;
  pending.take(puts);
  REQUIRE(puts.size() == 3);
  CHECK(puts[0].id == JobId{1, 5, 12});
  CHECK(puts[0].header.origin.index == 101);
  CHECK(puts[0].header.attempts_max == 3);
  CHECK(puts[2].id == JobId{1, 5, 15});
  CHECK(puts[2].header.origin.index == 104);
  CHECK(puts[2].payload.view() == "15");
}

TEST_CASE("a job is cancelled once, and only if it is here") {
  PendingPuts pending;
  pending.add(run_of(1, 3), 10);
  pending.add(run_of(20, 3), 40);  // the numbers between are of other records
  CHECK_FALSE(pending.cancel(9, {1, 5, 1}));
  CHECK_FALSE(pending.cancel(13, {1, 5, 4}));
  CHECK_FALSE(pending.cancel(43, {1, 5, 23}));
  CHECK(pending.cancel(41, {1, 5, 21}));
  CHECK_FALSE(pending.cancel(41, {1, 5, 21}));
  CHECK(pending.cancel(10, {1, 5, 1}));
  CHECK_FALSE(pending.cancel(10, {1, 5, 1}));
  CHECK(pending.oldest() == 11);
  CHECK(taken(pending) == std::vector<Sequence>{2, 3, 20, 22});
  CHECK_FALSE(pending.cancel(11, {1, 5, 2}));
}

TEST_CASE("the oldest is found behind a run that is gone, in whatever order it went") {
  PendingPuts pending;
  pending.add(run_of(1, 4), 1);
  pending.add(run_of(5, 4), 5);
  for (const Sequence i : {2U, 4U, 6U, 3U}) CHECK(pending.cancel(i, {1, 5, i}));
  CHECK(pending.oldest() == 1);
  CHECK(pending.cancel(1, {1, 5, 1}));
  CHECK(pending.oldest() == 5);
  CHECK(pending.cancel(5, {1, 5, 5}));
  CHECK(pending.oldest() == 7);
  CHECK(taken(pending) == std::vector<Sequence>{7, 8});
}

TEST_CASE("when gaps are closed each job keeps its number, its payload and its place") {
  PendingPuts pending;
  std::vector<Sequence> left;
  for (Sequence first = 1; first <= 3001; first += 100) pending.add(run_of(first, 100), first);
  for (Sequence i = 1; i <= 3100; ++i) {
    if (i % 7 == 3 || i % 100 < 4) {
      left.push_back(i);
    } else {
      CHECK(pending.cancel(i, {1, 5, i}));
    }
  }
  CHECK(pending.size() == left.size());
  CHECK(pending.oldest() == left.front());
  CHECK_FALSE(pending.cancel(50, {1, 5, 50}));
  CHECK(pending.cancel(left[200], {1, 5, left[200]}));
  left.erase(left.begin() + 200);
  CHECK(taken(pending) == left);
}
