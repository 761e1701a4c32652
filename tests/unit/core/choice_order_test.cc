// Workers in the order of a policy, against an ordered map of the same keys.
#include "core/choice_order.h"

#include <doctest/doctest.h>

#include <array>
#include <map>

#include "core/prng.h"

namespace zcrew::core {

TEST_CASE("nobody is first in an empty order") {
  ChoiceOrder order(0);
  CHECK(order.first() == nullptr);
}

TEST_CASE("whatever comes, moves and goes, the smallest key is first") {
  constexpr std::uint64_t seed = 20261126;
  CAPTURE(seed);
  Prng prng(seed);
  std::array<Worker, 40> workers;
  std::array<ChoiceKey, 40> keys;
  std::map<ChoiceKey, Worker*> model;
  ChoiceOrder order(3);
  for (std::uint32_t i = 0; i < workers.size(); ++i) workers[i].number = i;
  for (int step = 0; step < 20000; ++step) {
    Worker& worker = workers[prng.below(workers.size())];
    ChoiceKey& key = keys[worker.number];
    const bool here = model.count(key) != 0 && model.at(key) == &worker;
    const ChoiceKey next{prng.below(8), prng.below(4), worker.number};
    if (here) model.erase(key);
    if (here && prng.below(3) == 0) {
      order.erase(worker);
    } else {
      here ? order.move(worker, next) : order.insert(worker, next);
      model[next] = &worker;
    }
    key = next;
    REQUIRE((order.first() == nullptr) == model.empty());
    if (model.empty()) continue;
    REQUIRE(order.first()->worker == model.begin()->second);
    REQUIRE(order.first()->key == model.begin()->first);
  }
}

}  // namespace zcrew::core
