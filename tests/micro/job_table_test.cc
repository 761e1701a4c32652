#include "core/job_table.h"

#include <doctest/doctest.h>

#include <deque>
#include <map>

#include "core/prng.h"

using namespace zcrew;

TEST_CASE("a table of jobs does what a map does, over random comings and goings") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    core::Prng prng(seed);
    core::JobTable table;
    std::map<JobId, core::Job*> map;
    std::deque<core::Job> jobs;
    for (int i = 0; i < 3000; ++i) {
      // Few ids, so that neighbours collide and holes are closed in every way.
      const JobId id{static_cast<QueueNumber>(prng.below(3)), 5, prng.below(400)};
      REQUIRE(table.find(id) == (map.count(id) != 0 ? map[id] : nullptr));
      if (map.count(id) != 0) {
        table.erase(*map[id]);
        map.erase(id);
      } else {
        core::Job& job = jobs.emplace_back();
        job.id = id;
        table.insert(job);
        map[id] = &job;
      }
      REQUIRE(table.size() == map.size());
    }
    std::map<JobId, core::Job*> seen;
    table.for_each([&](core::Job& job) { seen[job.id] = &job; });
    CHECK(seen == map);
  }
}
