// A row of jobs holds what a plain list would, whatever is taken from it and from where.
#include "core/job_row.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "core/prng.h"

namespace zcrew::core {
namespace {

Sequence sequence_of(const Job* job) { return job == nullptr ? 0 : job->id.sequence; }

// The row and the list, changed alike.
struct Pair {
  JobRow row;
  std::vector<Sequence> list;

  void push_back(Job& job) {
    row.push_back(job);
    list.push_back(job.id.sequence);
  }
  void take(Sequence sequence) {
    const auto at = std::find(list.begin(), list.end(), sequence);
    CHECK(sequence_of(row.take(sequence)) == (at == list.end() ? 0 : sequence));
    if (at != list.end()) list.erase(at);
  }
  void take_all(Pair& newer) {
    row.take_all(newer.row);
    list.insert(list.end(), newer.list.begin(), newer.list.end());
    newer.list.clear();
  }
  void check(Sequence from) const {
    REQUIRE(row.empty() == list.empty());
    REQUIRE(row.size() == list.size());
    REQUIRE(
        std::equal(row.begin(), row.end(), list.begin(), list.end(),
                   [](const Job* job, Sequence sequence) { return job->id.sequence == sequence; }));
    CHECK(row.places() <= std::max<std::size_t>(64, 4 * list.size() + 4));
    const auto at = std::lower_bound(list.begin(), list.end(), from);
    CHECK(row.find_from(from) - row.begin() == at - list.begin());
    if (list.empty()) return;
    CHECK(sequence_of(row.front()) == list.front());
    CHECK(sequence_of(row.back()) == list.back());
  }
};

}  // namespace

TEST_CASE("a row holds what a list holds, and gives back what it does not need") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Prng prng(seed);
    std::deque<Job> jobs;
    Pair older;
    Pair newer;
    for (int step = 0; step < 6000; ++step) {
      Pair& one = prng.below(2) == 0 ? older : newer;
      const std::uint64_t draw = prng.below(100);
      // Longer and shorter by turns, so that rows also grow large and become empty.
      const bool grows = step / 1000 % 2 == 0;
      if (draw < (grows ? 60 : 20)) {
        jobs.emplace_back().id = {1, 5, jobs.size() + 1};
        newer.push_back(jobs.back());
      } else if (draw < 90) {
        if (!one.list.empty()) one.take(one.list.front());
      } else if (draw < 98) {
        one.take(1 + prng.below(jobs.size() + 1));
      } else {
        older.take_all(newer);
      }
      older.check(prng.below(jobs.size() + 2));
      newer.check(prng.below(jobs.size() + 2));
    }
  }
}

}  // namespace zcrew::core
