// What a worker has ahead goes to it in runs of jobs that follow each other (design D10).
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "bench.h"

namespace zcrew::core {
namespace {

constexpr Peer producer{1};

// Workers of these weights, with one place each and so quick, far away, that thousands of jobs are
// sent ahead to each.
class QuickCrew {
 public:
  QuickCrew(Policy policy, const std::vector<std::uint32_t>& weights) : bench_(Config{}) {
    bench_.commit();
    bench_.greet(producer);
    bench_.step(Command{CommandRequest{1}, SetPolicy{"default", policy}});
    for (const std::uint32_t weight : weights) {
      const Peer peer{10 + peers_.size()};
      const std::string name = "w" + std::to_string(weight);
      wire::WorkerHello hello;
      hello.instance.bytes[0] = static_cast<std::uint8_t>(1 + peers_.size());
      hello.name = name;
      hello.weight = weight;
      hello.concurrency = 1;
      hello.queues = {"default"};
      bench_.step(FromWorker{peer, hello});
      bench_.commit();
      peers_.push_back(peer);
    }
    // Until each has had a job, and is known to take a microsecond for it.
    while (got_.size() < peers_.size()) {
      submit(static_cast<std::uint32_t>(peers_.size()));
      finish();
    }
    got_.clear();
  }

  void submit(std::uint32_t jobs) {
    ++batch_;
    hear(bench_.submit(producer, batch_, batch_, jobs));
  }
  // All that is out is done, and what goes out for it.
  void finish() {
    hear(bench_.pass(Milliseconds{100}));
    for (const Peer peer : peers_) hear(bench_.step(FromWorker{peer, wire::Heartbeat{}}));
    std::map<Peer, wire::OutcomeMessage> outcomes;
    outcomes.swap(open_);
    for (auto& [peer, outcome] : outcomes) hear(bench_.step(FromWorker{peer, std::move(outcome)}));
    hear(bench_.commit());
    bench_.check();
  }

  void set_weight(const std::string& worker, std::uint32_t weight) {
    bench_.step(Command{CommandRequest{2}, SetWeight{worker, weight}});
  }

  [[nodiscard]] std::uint64_t got(std::size_t worker) { return got_[worker]; }
  void forget_order() { order_.clear(); }

  // How many jobs in a row each turn of a worker had, since order was last forgotten.
  [[nodiscard]] std::vector<std::size_t> runs() const {
    std::vector<std::size_t> runs;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (i == 0 || order_[i] != order_[i - 1]) runs.push_back(0);
      ++runs.back();
    }
    return runs;
  }

 private:
  void hear(const Effects& effects) {
    for (const Send& send : effects.sends) {
      const auto* run = std::get_if<wire::RunItem>(&send.message);
      if (run == nullptr) continue;
      const std::size_t worker = static_cast<std::size_t>(send.peer) - 10;
      ++got_[worker];
      order_.push_back(worker);
      open_[send.peer].entries.push_back({run->token, wire::Outcome::done, 1, 2, 0, {}});
    }
  }

  Bench bench_;
  std::vector<Peer> peers_;
  std::uint64_t batch_ = 0;
  std::map<Peer, wire::OutcomeMessage> open_;
  std::map<std::size_t, std::uint64_t> got_;
  std::vector<std::size_t> order_;
};

}  // namespace

TEST_CASE("the first jobs go round one by one, what is far ahead in runs of up to 16") {
  for (const Policy policy : {Policy::round_robin, Policy::weighted, Policy::least_loaded}) {
    CAPTURE(static_cast<int>(policy));
    QuickCrew crew(policy, {1, 1, 1, 1});
    crew.forget_order();
    crew.submit(60);
    CHECK(crew.runs() == std::vector<std::size_t>(60, 1));
    crew.submit(4000);
    crew.forget_order();
    crew.submit(640);
    const std::vector<std::size_t> runs = crew.runs();
    CHECK(*std::max_element(runs.begin(), runs.end()) == 16);
    CHECK(runs.size() <= 640 / 16 + 1);
    for (std::size_t worker = 0; worker < 4; ++worker) {
      CHECK(crew.got(worker) >= 4700 / 4 - 16);
      CHECK(crew.got(worker) <= 4700 / 4 + 16);
    }
  }
}

TEST_CASE("weights hold in runs, also for one that is a hundredth of another") {
  QuickCrew crew(Policy::weighted, {100, 10, 1});
  for (int round = 0; round < 10; ++round) {
    crew.submit(11100);
    crew.finish();
  }
  CHECK(crew.got(0) >= 100000 - 64);
  CHECK(crew.got(0) <= 100000 + 64);
  CHECK(crew.got(1) >= 10000 - 32);
  CHECK(crew.got(1) <= 10000 + 32);
  CHECK(crew.got(2) >= 1000 - 16);
  CHECK(crew.got(2) <= 1000 + 16);
}

TEST_CASE("a weight that a person lowers is no measure any more") {
  QuickCrew crew(Policy::weighted, {100, 1});
  crew.set_weight("w100", 1);
  crew.submit(4000);
  crew.forget_order();
  crew.submit(320);
  CHECK(crew.runs() == std::vector<std::size_t>(20, 16));
}

TEST_CASE("random draws for each job, however far ahead") {
  QuickCrew crew(Policy::random, {1, 1});
  crew.submit(4000);
  crew.forget_order();
  crew.submit(4000);
  // Half of all draws are another than the one before: 2,000 runs, give or take five times 32.
  CHECK(crew.runs().size() >= 1840);
  CHECK(crew.runs().size() <= 2160);
}

}  // namespace zcrew::core
