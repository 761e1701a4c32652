// New jobs that came together are one record while they wait for their commit, and their ends are
// one too.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bench.h"

namespace zcrew::core {
namespace {

constexpr Peer submitter{1};
constexpr Peer maker{2};

struct Records {
  Records() : bench(Config{}) {
    bench.commit();
    bench.greet(submitter);
  }

  const Effects& submit(std::uint64_t batch, const std::vector<std::uint32_t>& indexes,
                        const wire::JobOptions& options = usual_options()) {
    wire::Submit submit;
    submit.batch = batch;
    submit.floor = 1;
    submit.groups.push_back({options, {}});
    for (const std::uint32_t index : indexes) submit.groups[0].items.push_back({index, "x", ""});
    return bench.step(FromClient{submitter, std::move(submit)});
  }

  Bench bench;
};

std::vector<std::size_t> runs_in(const Effects& effects) {
  std::vector<std::size_t> runs;
  for (const Record& record : effects.records) {
    if (const auto* puts = std::get_if<PutJobs>(&record)) runs.push_back(puts->count());
  }
  return runs;
}

}  // namespace

TEST_CASE("a group of jobs is one record, with the numbers of as many") {
  Records records;
  records.submit(1, {0});  // its queue is made
  const Effects& effects = records.submit(2, {0, 1, 2, 3});
  REQUIRE(runs_in(effects) == std::vector<std::size_t>{4});
  CHECK(count_of(effects.records[0]) == 4);
  const auto& run = std::get<PutJobs>(effects.records[0]);
  CHECK(run.job(3).id.sequence == run.first.id.sequence + 3);
  CHECK(records.bench.commit().sends.size() == 2);  // both batches are on disk, and are confirmed
}

TEST_CASE("where indexes leave some out, a new record begins") {
  Records records;
  wire::JobOptions options = usual_options();
  options.result = wire::ResultMode::caller;
  const Effects& effects = records.submit(1, {2, 3, 7, 8, 9}, options);
  CHECK(runs_in(effects) == std::vector<std::size_t>{2, 3});
  std::vector<std::uint32_t> indexes;
  for (const Record& record : effects.records) {
    const auto* run = std::get_if<PutJobs>(&record);
    for (std::size_t i = 0; run != nullptr && i < run->count(); ++i) {
      indexes.push_back(run->job(i).header.origin.index);
    }
  }
  CHECK(indexes == std::vector<std::uint32_t>{2, 3, 7, 8, 9});
}

TEST_CASE("groups are records of their own, also if they are alike") {
  Records records;
  wire::Submit submit;
  submit.batch = submit.floor = 1;
  submit.groups.push_back({usual_options(), {{0, "a", ""}, {1, "b", ""}}});
  submit.groups.push_back({usual_options(), {{2, "c", ""}, {3, "d", ""}}});
  CHECK(runs_in(records.bench.step(FromClient{submitter, std::move(submit)})) ==
        std::vector<std::size_t>{2, 2});
}

TEST_CASE("the ends of jobs that follow each other are one record, if their puts do too") {
  Records records;
  records.bench.join(maker, "w", 1, 100);
  records.bench.take();
  records.submit(1, {0, 1, 2});
  // A number between those of the two batches' puts.
  QueueSettings other;
  other.name = "other";
  records.bench.step(Command{CommandRequest{1}, SetQueue{other}});
  std::vector<Token> tokens;
  for (const Send& send : records.submit(2, {0, 1}).sends) {
    if (const auto* run = std::get_if<wire::RunItem>(&send.message)) tokens.push_back(run->token);
  }
  REQUIRE(tokens.size() == 2);
  wire::OutcomeMessage outcome;
  Token first = tokens[0];
  first.job.sequence -= 3;  // the first batch's
  outcome.entries.push_back({first, wire::Outcome::done, 5, 0, 0, {}, 5});
  const Effects& effects = records.bench.step(FromWorker{maker, outcome});
  std::vector<std::uint32_t> ended;
  for (const Record& record : effects.records) {
    if (const auto* ends = std::get_if<RemoveJobs>(&record)) ended.push_back(ends->count);
  }
  CHECK(ended == std::vector<std::uint32_t>{3, 2});
  records.bench.check();
}

}  // namespace zcrew::core
