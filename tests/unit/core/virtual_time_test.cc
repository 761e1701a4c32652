// The clock of the policy `weighted` has no end (design D10).
#include <doctest/doctest.h>

#include <array>
#include <map>

#include "bench.h"

namespace zcrew::core {
namespace {

constexpr Peer client{1};
constexpr std::array<Peer, 3> workers{Peer{2}, Peer{3}, Peer{5}};  // of weights 1, 2 and 4

Config without_prefetch() {
  Config config;
  config.prefetch_max = 0;
  return config;
}

// A client, and three workers with so many places each.
void seat(Bench& bench, std::uint32_t concurrency) {
  bench.commit();
  bench.join(workers[0], "light", 1, concurrency);
  bench.join(workers[1], "middle", 2, concurrency);
  bench.join(workers[2], "heavy", 4, concurrency);
  bench.greet(client);
}

using Outcomes = std::map<Peer, wire::OutcomeMessage>;

Outcomes done(const Effects& effects) {
  Outcomes outcomes;
  for (const Send& send : effects.sends) {
    const auto* run = std::get_if<wire::RunItem>(&send.message);
    if (run == nullptr) continue;
    wire::OutcomeItem item;
    item.token = run->token;
    outcomes[send.peer].entries.push_back(item);
  }
  return outcomes;
}

// Submits jobs one at a time, each done before the next; how many each worker got.
std::array<int, 3> one_by_one(Bench& bench, std::uint64_t& batch, int jobs) {
  std::array<int, 3> got{};
  for (; jobs > 0; --jobs) {
    ++batch;
    const Outcomes outcomes = done(bench.submit(client, batch, batch, 1));
    REQUIRE(outcomes.size() == 1);
    for (const auto& [peer, outcome] : outcomes) {
      ++got[peer == workers[0] ? 0 : peer == workers[1] ? 1 : 2];
      bench.step(FromWorker{peer, outcome});
    }
    bench.commit();
  }
  return got;
}

// All places full all the time, whatever the weights say.
void saturate(Bench& bench, std::uint64_t& batch, std::uint32_t jobs) {
  ++batch;
  Outcomes open = done(bench.submit(client, batch, batch, jobs));
  while (!open.empty()) {
    Outcomes next;
    for (const auto& [peer, outcome] : open) {
      for (auto& [other, more] : done(bench.step(FromWorker{peer, outcome}))) {
        auto& entries = next[other].entries;
        entries.insert(entries.end(), more.entries.begin(), more.entries.end());
      }
    }
    bench.commit();
    open = std::move(next);
  }
}

}  // namespace

TEST_CASE("shares follow the weights over 300,000 hand-outs, while virtual time steps back") {
  Bench bench(without_prefetch());
  bench.commit();
  bench.join(workers[0], "one", 1, 1000);
  bench.join(workers[1], "three", 3, 1000);
  bench.greet(client);
  for (std::uint64_t batch = 1; batch <= 300; ++batch) {  // the light one has 75,000, above 2¹⁶
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

TEST_CASE("under another policy nobody earns or loses a share") {
  Bench bench(without_prefetch());
  seat(bench, 8);
  std::uint64_t batch = 0;
  CHECK(one_by_one(bench, batch, 140) == std::array{20, 40, 80});
  bench.step(Command{CommandRequest{1}, SetPolicy{"default", Policy::round_robin}});
  CHECK(one_by_one(bench, batch, 210) == std::array{70, 70, 70});
  bench.step(Command{CommandRequest{2}, SetPolicy{"default", Policy::weighted}});
  CHECK(one_by_one(bench, batch, 140) == std::array{20, 40, 80});
  bench.check();
}

TEST_CASE("who was full for long catches up with a few jobs, then the weights hold") {
  Bench bench(without_prefetch());
  seat(bench, 4);
  std::uint64_t batch = 0;
  saturate(bench, batch, 6000);
  const std::array<int, 3> first = one_by_one(bench, batch, 140);
  CHECK(first[0] >= 20 - 10);  // 32 each that middle and heavy are owed, of which a seventh
  CHECK(one_by_one(bench, batch, 140) == std::array{20, 40, 80});
  bench.check();
}

TEST_CASE("a queue's shares are its own, however light the workers of another are (P-7.4)") {
  Bench bench(without_prefetch());
  bench.commit();
  bench.greet(client);
  const auto join = [&](Peer peer, std::uint32_t weight, std::string_view queue) {
    wire::WorkerHello hello;
    hello.instance.bytes[0] = static_cast<std::uint8_t>(peer);
    hello.weight = weight;
    hello.concurrency = 1000;
    hello.queues = {queue};
    bench.step(FromWorker{peer, hello});
    bench.commit();
  };
  join(workers[0], 1, "mail");
  join(workers[1], 1, "default");
  join(workers[2], 100, "default");
  std::map<Peer, int> got;
  for (std::uint64_t batch = 1; batch <= 2020; ++batch) {
    wire::Submit submit{batch, batch, {}};
    for (const std::string_view queue : {"mail", "default"}) {
      wire::SubmitGroup group;
      group.options.queue = queue;
      group.items.push_back({queue == "mail" ? 0U : 1U, "", ""});
      submit.groups.push_back(std::move(group));
    }
    const Outcomes outcomes = done(bench.step(FromClient{client, std::move(submit)}));
    for (const auto& [peer, outcome] : outcomes) {
      got[peer] += static_cast<int>(outcome.entries.size());
      bench.step(FromWorker{peer, outcome});
    }
    bench.commit();
  }
  CHECK(got[workers[0]] == 2020);
  CHECK(got[workers[1]] >= 20 - 1);
  CHECK(got[workers[1]] <= 20 + 1);
  CHECK(got[workers[2]] >= 2000 - 1);
  bench.check();
}

TEST_CASE("a weight is set by a worker's instance too") {
  Bench bench(without_prefetch());
  seat(bench, 8);
  Uuid heavy;
  heavy.bytes[0] = 4;  // Bench::join
  bench.step(Command{CommandRequest{1}, SetWeight{to_text(heavy), 0}});
  std::uint64_t batch = 0;
  CHECK(one_by_one(bench, batch, 30) == std::array{10, 20, 0});
}

}  // namespace zcrew::core
