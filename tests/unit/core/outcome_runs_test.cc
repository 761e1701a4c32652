// One item of OUTCOME may stand for several attempts, and SETTLED says as much at once (P-5.21).
#include <doctest/doctest.h>

#include <vector>

#include "bench.h"

namespace zcrew::core {
namespace {

constexpr Peer producer{1};
constexpr Peer one{2};
constexpr Peer other{3};

Config without_prefetch() {
  Config config;
  config.prefetch_max = 0;
  return config;
}

template <typename Entry>
std::vector<Entry> sent(const Effects& effects, Peer to) {
  std::vector<Entry> found;
  for (const Send& send : effects.sends) {
    const auto* entry = std::get_if<Entry>(&send.message);
    if (entry != nullptr && send.peer == to) found.push_back(*entry);
  }
  return found;
}

wire::OutcomeMessage done(const Token& first, std::uint32_t count) {
  wire::OutcomeItem item;
  item.token = first;
  item.run_us = 5;
  item.count = count;
  return {{item}};
}

// A worker with ten places that holds ten jobs, which follow each other.
struct Ten {
  Ten() : bench(without_prefetch()) {
    bench.commit();
    bench.greet(producer);
    bench.join(one, "one", 1, 10);
    bench.take();  // nothing of what follows
    const auto runs = sent<wire::RunItem>(bench.submit(producer, 1, 1, 10), one);
    REQUIRE(runs.size() == 10);
    first = runs.front().token;
  }
  // The nth comes back and goes out again: its new token.
  Token hand_out_again(std::uint64_t n) {
    wire::OutcomeItem back;
    back.token = wire::behind(first, n);
    back.outcome = wire::Outcome::released;
    const auto again =
        sent<wire::RunItem>(bench.step(FromWorker{one, wire::OutcomeMessage{{back}}}), one);
    REQUIRE(again.size() == 1);
    REQUIRE(again[0].token.job == back.token.job);
    return again[0].token;
  }
  const Effects& answer(Peer peer, const Token& token, std::uint32_t count) {
    return bench.step(FromWorker{peer, done(token, count)});
  }

  Bench bench;
  Token first;
};

}  // namespace

TEST_CASE("an outcome of a run ends each of its jobs, and one entry settles and confirms them") {
  Ten ten;
  const Effects& effects = ten.answer(one, ten.first, 10);
  CHECK(sent<wire::TokenRun>(effects, one) == std::vector<wire::TokenRun>{{ten.first, 10}});
  const auto confirms = sent<wire::Confirm>(effects, producer);
  REQUIRE(confirms.size() == 1);
  CHECK(confirms[0].count == 10);
  CHECK(ten.bench.report().counters.done == 10);
  CHECK(ten.bench.report().counters.stale == 0);
  CHECK(ten.bench.report().totals.held == 0);
  ten.bench.check();
}

TEST_CASE("attempts of a run that are over already count as stale, the others end") {
  Ten ten;
  ten.answer(one, wire::behind(ten.first, 3), 1);
  ten.answer(one, wire::behind(ten.first, 7), 1);
  const Effects& effects = ten.answer(one, ten.first, 12);  // two more than there are
  std::uint32_t settled = 0;
  for (const wire::TokenRun& run : sent<wire::TokenRun>(effects, one)) settled += run.count;
  ten.bench.commit();
  CHECK(ten.bench.report().counters.done == 10);
  CHECK(ten.bench.report().counters.stale == 4);
  CHECK(settled <= 12);
  ten.bench.check();
}

TEST_CASE("a run says nothing of jobs that another worker holds") {
  Ten ten;
  ten.bench.join(other, "other", 2, 10);
  ten.answer(other, ten.first, 10);
  CHECK(ten.bench.report().counters.done == 0);
  CHECK(ten.bench.report().counters.stale == 10);
  ten.answer(one, ten.first, 10);
  CHECK(ten.bench.report().counters.done == 10);
  ten.bench.check();
}

TEST_CASE("jobs that were given back and out again are none of the old run") {
  Ten ten;
  const Token again = ten.hand_out_again(4);
  ten.answer(one, ten.first, 10);
  CHECK(ten.bench.report().counters.done == 9);
  CHECK(ten.bench.report().counters.stale == 1);
  CHECK(ten.bench.report().totals.held == 1);
  ten.answer(one, again, 1);
  CHECK(ten.bench.report().counters.done == 10);
  ten.bench.check();
}

TEST_CASE("what waits for the disk is settled at once when it is there, in runs of its own") {
  Ten ten;
  ten.bench.take();  // the jobs are in a commit: their ends wait for the next
  CHECK(sent<wire::TokenRun>(ten.answer(one, ten.first, 4), one).empty());
  CHECK(sent<wire::TokenRun>(ten.answer(one, wire::behind(ten.first, 6), 4), one).empty());
  CHECK(sent<wire::TokenRun>(ten.bench.commit(), one) ==
        std::vector<wire::TokenRun>{{ten.first, 4}, {wire::behind(ten.first, 6), 4}});
  ten.bench.check();
}

TEST_CASE("a worker's speed is learned from a run as from each of its jobs") {
  // The first job says one time, the others another: at once, or one by one.
  const auto learned = [](std::vector<std::uint32_t> runs) {
    Ten ten;
    wire::OutcomeMessage slow = done(ten.first, 1);
    slow.entries[0].run_us = 8000;
    ten.bench.step(FromWorker{one, slow});
    Token next = wire::behind(ten.first, 1);
    for (const std::uint32_t count : runs) {
      ten.answer(one, next, count);
      next = wire::behind(next, count);
    }
    return ten.bench.report().workers.at(0).service_us;
  };
  CHECK(learned({9}) == learned({1, 1, 1, 1, 1, 1, 1, 1, 1}));
  CHECK(learned({9}) < learned({1}));
}

TEST_CASE("attempts that were handed out in another order than their sequences are found too") {
  Ten ten;
  const Token again = ten.hand_out_again(2);  // the newest of its worker now
  ten.answer(one, again, 8);
  CHECK(ten.bench.report().counters.done == 1);
  CHECK(ten.bench.report().counters.stale == 7);  // the others are in their first hand-out
  ten.answer(one, ten.first, 10);
  CHECK(ten.bench.report().counters.done == 10);
  ten.bench.check();
}

TEST_CASE("what is settled at one moment is in entries that a message can hold") {
  constexpr std::uint32_t many = limits::entries_per_message_max + 10;
  Bench bench(without_prefetch());
  bench.commit();
  bench.greet(producer);
  bench.join(one, "one", 1, many);
  const auto first = sent<wire::RunItem>(bench.submit(producer, 1, 1, many - 10), one);
  bench.commit();  // a session has no more unconfirmed
  const auto rest = sent<wire::RunItem>(bench.submit(producer, 2, 1, 10), one);
  REQUIRE(first.size() + rest.size() == many);
  bench.take();
  bench.step(FromWorker{one, done(first.front().token, many - 10)});
  bench.step(FromWorker{one, done(rest.front().token, 10)});
  const auto settled = sent<wire::TokenRun>(bench.commit(), one);
  CHECK(settled ==
        std::vector<wire::TokenRun>{{first.front().token, many - 10}, {rest.front().token, 10}});
}

TEST_CASE("of outcomes that are all stale one note is made, and one entry settles them") {
  Ten ten;
  Token foreign = ten.first;
  foreign.job.sequence += 1000;
  const Effects& effects = ten.answer(one, foreign, limits::entries_per_message_max);
  CHECK(effects.notes.size() == 1);
  const auto settled = sent<wire::TokenRun>(ten.bench.commit(), one);
  CHECK(settled == std::vector<wire::TokenRun>{{foreign, limits::entries_per_message_max}});
  CHECK(ten.bench.report().counters.stale == limits::entries_per_message_max);
}

}  // namespace zcrew::core
