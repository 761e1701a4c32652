// What a peer can make the core remember is bounded (design D15).
#include <doctest/doctest.h>

#include "bench.h"
#include "core/job.h"

namespace zcrew::core {

TEST_CASE("requests of Guide clients without a body are bounded by what they cost in memory") {
  Config config;
  config.ready_bytes = 100 * job_memory;
  Bench bench(config);
  bench.commit();
  const Peer peer{7};
  for (int i = 0; i < 100000; ++i) bench.step(FromClient{peer, wire::GuideRequest{""}});
  CHECK(bench.report().totals.ready == 100);
  bench.step(PeerGone{peer});
  CHECK(bench.report().totals.ready == 0);
  bench.check();
}

TEST_CASE("a client that never raises its floor is refused before it fills memory") {
  Bench bench(Config{});
  bench.commit();
  const Peer client{1};
  bench.greet(client);
  const auto refusal = [](const Effects& effects) {
    for (const Send& send : effects.sends) {
      if (const auto* refused = std::get_if<wire::Refused>(&send.message)) return refused->code;
    }
    return wire::ErrorCode::none;
  };
  std::uint64_t batch = 1;
  while (batch < 100000 && refusal(bench.submit(client, batch, 1, 1)) == wire::ErrorCode::none) {
    bench.commit();
    ++batch;
  }
  CHECK(batch == 65537);
  CHECK(refusal(bench.submit(client, batch, 1, 1)) == wire::ErrorCode::window_exceeded);
  CHECK(refusal(bench.submit(client, batch, batch, 1)) == wire::ErrorCode::none);
}

}  // namespace zcrew::core
