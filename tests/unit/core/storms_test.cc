// Thousands of jobs at one moment: a step does a part of it, so that heartbeats are not held up.
#include <doctest/doctest.h>

#include "bench.h"

namespace zcrew::core {
namespace {

struct Storm {
  explicit Storm(const Config& config) : bench(config) {
    bench.commit();
    bench.greet(client);
  }

  void submit(std::uint64_t batch, std::uint32_t jobs, const wire::JobOptions& options) {
    wire::Submit submit;
    submit.batch = submit.floor = batch;
    wire::SubmitGroup group;
    group.options = options;
    for (std::uint32_t index = 0; index < jobs; ++index) group.items.push_back({index, "", ""});
    submit.groups.push_back(std::move(group));
    bench.step(FromClient{client, std::move(submit)});
    bench.commit();
  }

  const Peer client{1};
  Bench bench;
};

}  // namespace

TEST_CASE(
    "of jobs that are due at once 2,000 become ready in a step, and the next follows at once") {
  Storm storm(Config{});
  wire::JobOptions options = usual_options();
  options.delay_ms = 1000;
  storm.submit(1, 5000, options);
  std::uint64_t ready = 0;
  storm.bench.pass(std::chrono::seconds{1});
  for (int steps = 1; steps <= 3; ++steps) {
    ready = std::min<std::uint64_t>(ready + 2000, 5000);
    CHECK(storm.bench.report().totals.ready == ready);
    CHECK(storm.bench.report().totals.later == 5000 - ready);
    CHECK(storm.bench.wants_a_turn() == (ready < 5000));
    storm.bench.pass(Duration{0});
  }
  storm.bench.check();
}

TEST_CASE("of jobs that expire at once 2,000 end in a step, and the next follows at once") {
  Storm storm(Config{});
  wire::JobOptions options = usual_options();
  options.expires_ms = 1000;
  storm.submit(1, 5000, options);
  storm.bench.pass(Milliseconds{1001});
  CHECK(storm.bench.report().totals.ready == 3000);
  CHECK(storm.bench.wants_a_turn());
  storm.bench.pass(Duration{0});
  storm.bench.pass(Duration{0});
  CHECK(storm.bench.report().totals.ready == 0);
  CHECK(storm.bench.report().counters.expired == 5000);
  storm.bench.check();
}

TEST_CASE(
    "of results that were taken nothing is left to expire; one that was not goes in its time") {
  Config config;
  config.heartbeat = std::chrono::hours{1};
  config.prefetch_max = 0;
  Storm storm(config);
  Bench& bench = storm.bench;
  const Peer worker{2};
  bench.join(worker, "w", 1, 3000);
  wire::JobOptions options = usual_options();
  options.result = wire::ResultMode::caller;
  wire::Submit submit;
  submit.batch = submit.floor = 1;
  submit.groups.push_back({options, std::vector<wire::SubmitItem>(3000)});
  for (std::uint32_t i = 0; i < 3000; ++i) submit.groups[0].items[i].index = i;
  wire::OutcomeMessage outcomes;
  for (const Send& send : bench.step(FromClient{storm.client, std::move(submit)}).sends) {
    if (const auto* run = std::get_if<wire::RunItem>(&send.message)) {
      outcomes.entries.emplace_back().token = run->token;
    }
  }
  REQUIRE(outcomes.entries.size() == 3000);
  const JobId kept = outcomes.entries.front().token.job;
  for (const wire::OutcomeItem& item : outcomes.entries) {
    bench.step(FromWorker{worker, wire::OutcomeMessage{{item}}});
    if (item.token.job == kept) continue;
    bench.step(FromClient{storm.client, wire::Acknowledge{{item.token.job}}});
  }
  bench.commit();
  std::vector<JobId> removed;
  for (const Record& record : bench.pass(config.result_ttl).records) {
    if (const auto* gone = std::get_if<RemoveResult>(&record)) removed.push_back(gone->id);
  }
  CHECK(removed == std::vector<JobId>{kept});
}

}  // namespace zcrew::core
