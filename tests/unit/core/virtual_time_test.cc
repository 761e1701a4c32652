// The clock of the policy `weighted` has no end (design D10).
#include <doctest/doctest.h>

#include <array>

#include "bench.h"

namespace zcrew::core {

TEST_CASE("shares follow the weights over thousands of hand-outs, while virtual time steps back") {
  Config config;
  config.prefetch_max = 0;
  Bench bench(config);
  bench.commit();
  const Peer client{1};
  const std::array<Peer, 2> workers{Peer{2}, Peer{3}};
  bench.join(workers[0], "one", 1, 1000);
  bench.join(workers[1], "three", 3, 1000);
  bench.greet(client);
  for (std::uint64_t batch = 1; batch <= 50; ++batch) {
    std::array<wire::OutcomeMessage, 2> outcomes;
    for (const Send& send : bench.submit(client, batch, batch, 1000).sends) {
      const auto* run = std::get_if<wire::RunItem>(&send.message);
      if (run == nullptr) continue;
      wire::OutcomeItem item;
      item.token = run->token;
      outcomes[send.peer == workers[0] ? 0 : 1].entries.push_back(item);
    }
    REQUIRE(outcomes[0].entries.size() == 250);
    REQUIRE(outcomes[1].entries.size() == 750);
    for (std::size_t i = 0; i < 2; ++i) {
      bench.step(FromWorker{workers[i], std::move(outcomes[i])});
    }
    bench.commit();
  }
  bench.check();
}

}  // namespace zcrew::core
