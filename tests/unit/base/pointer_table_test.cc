#include "base/pointer_table.h"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <random>

#include "base/ids.h"

using namespace zcrew;

namespace {

struct Thing {
  JobId id;
};

}  // namespace

TEST_CASE("a table of pointers does what a map does, over random comings and goings") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    PointerTable<Thing, &Thing::id> table;
    std::map<JobId, Thing*> map;
    std::deque<Thing> things;
    for (int i = 0; i < 3000; ++i) {
      // Few keys, so that neighbours collide and holes are closed in every way.
      const JobId id{static_cast<QueueNumber>(random() % 3), 5, random() % 400};
      REQUIRE(table.find(id) == (map.count(id) != 0 ? map[id] : nullptr));
      if (map.count(id) != 0) {
        table.erase(*map[id]);
        map.erase(id);
      } else {
        Thing& thing = things.emplace_back(Thing{id});
        table.insert(thing);
        map[id] = &thing;
      }
      REQUIRE(table.size() == map.size());
    }
    std::map<JobId, Thing*> seen;
    table.for_each([&](Thing& thing) { seen[thing.id] = &thing; });
    CHECK(seen == map);
  }
}
