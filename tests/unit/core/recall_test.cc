// When jobs that were sent ahead are taken back, and when not (design D9; P-5.18, P-5.19).
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "bench.h"

namespace zcrew::core {
namespace {

constexpr Duration wire_time{200};  // there and back

// Workers that are played: they hold what they were sent, and say what the test wants.
class Crew {
 public:
  explicit Crew(const Config& config = {}) : bench(config) {
    bench.commit();
    bench.greet(client);
  }

  void join(unsigned number, std::vector<std::string_view> queues = {"default"},
            bool recalls = true, std::uint32_t concurrency = 1) {
    wire::WorkerHello hello;
    hello.instance.bytes[0] = static_cast<std::uint8_t>(number);
    hello.name = "worker";
    hello.concurrency = concurrency;
    hello.queues = std::move(queues);
    hello.recalls = recalls;
    step(FromWorker{peer(number), hello});
    take(bench.commit());
    take(bench.step(Tick{}));
  }

  void submit(std::uint32_t jobs) {
    ++batch_;
    take(bench.submit(client, batch_, batch_, jobs));
    take(bench.commit());
  }

  // The oldest of what the worker has, in one message.
  void finish(unsigned number, std::size_t jobs, Duration run) {
    wire::OutcomeMessage message;
    std::deque<Sent>& sent = at[number];
    for (; jobs > 0 && !sent.empty(); --jobs) {
      message.entries.push_back(outcome(sent.front(), wire::Outcome::done, run));
      sent.pop_front();
    }
    step(FromWorker{peer(number), std::move(message)});
    take(bench.commit());
  }

  void release(unsigned number, const std::vector<Token>& tokens) {
    wire::OutcomeMessage message;
    for (const Token& token : tokens) {
      message.entries.push_back(outcome({token, bench.now()}, wire::Outcome::released, {}));
      std::erase_if(at[number], [&](const Sent& sent) { return sent.token == token; });
    }
    step(FromWorker{peer(number), std::move(message)});
  }

  void pass(Duration time) {
    take(bench.pass(time));
    bench.check();
  }

  // A worker that does jobs so quickly that it is sent many ahead.
  void make_quick(unsigned number) {
    for (int i = 0; i < 40; ++i) {
      submit(1);
      pass(wire_time + Duration{1});
      finish(number, 1, Duration{1});
    }
  }

  void step(const Event& event) {
    take(bench.step(event));
    bench.check();
  }

  struct Sent {
    Token token;
    Instant since;
  };
  struct Asked {
    unsigned number = 0;
    std::vector<Token> tokens;
  };

  Bench bench;
  std::map<unsigned, std::deque<Sent>> at;
  std::vector<Asked> asked;

 private:
  static constexpr Peer client{1};
  static Peer peer(unsigned number) { return Peer{100 + number}; }

  wire::OutcomeItem outcome(const Sent& sent, wire::Outcome outcome, Duration run) const {
    wire::OutcomeItem item;
    item.token = sent.token;
    item.outcome = outcome;
    item.run_us = static_cast<std::uint64_t>(run.count());
    const Duration held = bench.now() - sent.since - wire_time;
    item.held_us = static_cast<std::uint64_t>(std::max<Duration>(held, Duration{0}).count());
    return item;
  }

  void take(const Effects& effects) {
    for (const Send& send : effects.sends) {
      const auto number = static_cast<unsigned>(static_cast<std::uint64_t>(send.peer)) - 100;
      if (const auto* run = std::get_if<wire::RunItem>(&send.message)) {
        at[number].push_back({run->token, bench.now()});
      } else if (const auto* recall = std::get_if<wire::Recall>(&send.message)) {
        asked.push_back({number, recall->tokens});
      }
    }
  }

  std::uint64_t batch_ = 0;
};

}  // namespace

TEST_CASE("what a stuck worker has ahead is shared with one that comes, newest first (P-5.18)") {
  Crew crew;
  crew.join(1);
  crew.make_quick(1);
  crew.submit(101);
  REQUIRE(crew.at[1].size() == 101);
  crew.pass(Milliseconds{50});
  CHECK(crew.asked.empty());  // nobody idles
  crew.join(2);
  REQUIRE(crew.asked.size() == 1);
  CHECK(crew.asked[0].number == 1);
  REQUIRE(crew.asked[0].tokens.size() == 50);
  CHECK(crew.asked[0].tokens.front() == crew.at[1].back().token);
  CHECK(crew.asked[0].tokens.back() == crew.at[1][51].token);

  crew.release(1, crew.asked[0].tokens);
  CHECK(crew.at[1].size() == 51);
  CHECK(crew.at[2].size() == 1);  // and not back to where they came from
  CHECK(crew.bench.report().totals.ready == 49);
}

TEST_CASE("a worker is asked once until it answers, and others are asked meanwhile (P-5.19)") {
  Crew crew;
  crew.join(1);
  crew.join(2);
  for (int i = 0; i < 40; ++i) {
    crew.submit(2);
    crew.pass(wire_time);
    for (const unsigned number : {1U, 2U}) crew.finish(number, 1, Duration{1});
  }
  crew.submit(60);
  crew.pass(Milliseconds{50});
  crew.join(3);
  REQUIRE(crew.asked.size() == 1);
  for (int i = 0; i < 100; ++i) crew.pass(Milliseconds{20});
  REQUIRE(crew.asked.size() == 2);
  CHECK(crew.asked[0].number + crew.asked[1].number == 3);

  // All that it was asked for had begun: then their end is the answer.
  const unsigned number = crew.asked[0].number;
  crew.finish(number, 30, Duration{1});
  for (int i = 0; i < 60; ++i) {
    crew.submit(2);
    for (const unsigned each : {number, 3U}) crew.finish(each, 2, Duration{1});
  }
  crew.submit(60);
  crew.finish(3, 60, Duration{1});
  REQUIRE(crew.at[3].empty());
  REQUIRE(crew.at[number].size() > 1);
  for (int i = 0; i < 100; ++i) crew.pass(Milliseconds{20});
  REQUIRE(crew.asked.size() == 3);
  CHECK(crew.asked[2].number == number);
}

TEST_CASE("one that does not know RECALL is not asked (P-5.18)") {
  Crew crew;
  crew.join(1, {"default"}, false);
  crew.make_quick(1);
  crew.submit(100);
  crew.join(2);
  for (int i = 0; i < 10; ++i) crew.pass(Milliseconds{50});
  CHECK(crew.at[1].size() > 50);
  CHECK(crew.asked.empty());
}

TEST_CASE("nothing is recalled for who cannot take it: another queue's worker, a paused queue") {
  Crew crew;
  crew.join(1);
  crew.make_quick(1);
  crew.submit(100);
  crew.join(2, {"other"});
  for (int i = 0; i < 10; ++i) crew.pass(Milliseconds{50});
  CHECK(crew.asked.empty());

  SetQueue pause;
  pause.settings.name = "default";
  pause.settings.paused = true;
  crew.step(Command{{}, pause});
  crew.join(3);
  for (int i = 0; i < 10; ++i) crew.pass(Milliseconds{50});
  CHECK(crew.asked.empty());

  pause.settings.paused = false;
  crew.step(Command{{}, pause});
  crew.pass(Milliseconds{50});
  CHECK(crew.asked.size() == 1);
}

TEST_CASE("a worker that goes on, but with jobs that became longer, has too many, too") {
  Crew crew;
  crew.join(1);
  crew.make_quick(1);
  crew.submit(200);
  crew.join(2);
  // Never quiet for 10 ms; the mean of its jobs tells.
  for (int i = 0; i < 20 && crew.asked.empty(); ++i) {
    crew.pass(Milliseconds{5});
    crew.finish(1, 1, Milliseconds{5});
    crew.finish(2, 1, Milliseconds{5});
  }
  REQUIRE_FALSE(crew.asked.empty());
  CHECK(crew.asked[0].number == 1);
  CHECK(crew.asked[0].tokens.size() > 50);
}

TEST_CASE("the end of a burst of quick jobs is no reason to recall any") {
  Crew crew;
  crew.join(1);
  crew.join(2);
  for (int burst = 0; burst < 200; ++burst) {
    crew.submit(300);
    // One is done before the other, and nothing is heard of either for up to 9 ms.
    while (!crew.at[1].empty() || !crew.at[2].empty()) {
      crew.pass(Milliseconds{1 + burst % 9});
      crew.finish(1, 100, Duration{10});
      crew.finish(2, 40, Duration{25});
    }
  }
  CHECK(crew.asked.empty());
  CHECK(crew.bench.report().counters.done == 200 * 300);
}

TEST_CASE("after a recall in error a worker is soon sent ahead again") {
  Crew crew;
  crew.join(1);
  crew.make_quick(1);
  crew.submit(100);
  crew.pass(Milliseconds{50});  // the machine looked elsewhere
  crew.join(2);
  REQUIRE(crew.asked.size() == 1);
  crew.release(1, crew.asked[0].tokens);
  crew.finish(1, 50, Duration{1});
  crew.submit(200);
  CHECK(crew.at[1].size() > 5);
  for (int i = 0; i < 10; ++i) crew.finish(1, 10, Duration{1});
  CHECK(crew.at[1].size() > 50);
  CHECK(crew.asked.size() == 1);
}

}  // namespace zcrew::core
