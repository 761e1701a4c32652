// A session against a strict model of a router that loses connections, restarts, takes jobs away
// and settles late, at random.
#include <cstdlib>
#include <map>
#include <set>

#include "core/prng.h"
#include "session_world.h"

namespace zcrew::worker {
namespace {

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : dice_(seed), world_(options(seed)) {}

  void play() {
    for (int step = 0; step < 400; ++step) {
      switch (dice_.below(7)) {
        case 0:
          hand_out();
          break;
        case 1:
        case 2:
          finish_one();
          break;
        case 3:
          settle_some();
          break;
        case 4:
          recall_some();
          break;
        case 5:
          if (dice_.below(4) == 0 && connected_) watch(world_.lose());
          break;
        default:
          world_.now += Milliseconds{dice_.below(1500)};
          if (connected_ && dice_.below(8) != 0) {
            watch(world_.receive(wire::Heartbeat{}));
          } else {
            watch(world_.turn());
          }
      }
      connect_if_wanted();
    }
  }

  // From here on nothing is lost: everything must come to its end.
  void heal() {
    world_.session.drain(world_.now, world_.effects);
    for (int step = 0; step < 1000 && !world_.session.stopped(); ++step) {
      world_.now += Milliseconds{20};
      if (connected_) {
        watch(world_.receive(wire::Heartbeat{}));
      } else {
        watch(world_.turn());
      }
      connect_if_wanted();
      finish_one();
      settle_some();
    }
    CHECK(world_.session.stopped());
    CHECK(world_.session.unsettled() == 0);
  }

 private:
  static SessionOptions options(std::uint64_t seed) {
    SessionOptions options = session_options();
    options.seed = seed;
    options.linger = std::chrono::hours{1};
    return options;
  }

  void watch(const SessionWorld::Wanted& wanted) {
    for (const HeldJob* job : wanted.start) {
      CHECK(started_.insert(job->token).second);
      running_.insert(job->token);
    }
    for (const Token& token : wanted.abandoned) {
      if (running_.erase(token) > 0) abandoned_.insert(token);
    }
    for (const Token& token : wanted.give_back) {
      if (dice_.below(2) == 0 || running_.erase(token) == 0) continue;
      world_.never_began(token);
    }
    for (const auto* hello : wanted.all<wire::WorkerHello>()) greeted_ = check_hello(*hello);
    for (const auto& outcome : wanted.outcomes()) {
      CHECK(greeted_ == Greeting::answered);
      CHECK(held_.count(outcome.token) == 1);
      CHECK(reported_.insert(outcome.token).second);
    }
    if (wanted.open) waiting_ = true;
    if (wanted.close) {
      connected_ = false;
      greeted_ = Greeting::none;
      reported_.clear();
    }
  }

  enum class Greeting { none, said, answered };

  Greeting check_hello(const wire::WorkerHello& hello) {
    std::set<Token> all(hello.held.begin(), hello.held.end());
    all.insert(hello.finished.begin(), hello.finished.end());
    CHECK(all.size() == hello.held.size() + hello.finished.size());
    CHECK(all == held_);
    for (const Token& token : hello.held) CHECK(running_.count(token) == 1);
    for (const Token& token : hello.finished) CHECK(running_.count(token) == 0);
    return Greeting::said;
  }

  void connect_if_wanted() {
    if (waiting_) {
      waiting_ = false;
      connected_ = true;
      world_.session.connected(world_.now, world_.effects);
      watch(world_.turn());
    }
    if (greeted_ != Greeting::said) return;
    std::vector<Token> abandon;
    for (const Token& token : held_) {
      if (dice_.below(8) == 0) abandon.push_back(token);
    }
    for (const Token& token : abandon) held_.erase(token);
    greeted_ = Greeting::answered;
    watch(world_.welcome(abandon));
  }

  void hand_out() {
    if (greeted_ != Greeting::answered) return;
    std::vector<Token> tokens;
    for (std::uint64_t i = dice_.below(5); i > 0; --i) tokens.push_back(token(++last_));
    held_.insert(tokens.begin(), tokens.end());
    if (dice_.below(4) == 0 && !held_.empty()) tokens.push_back(*held_.begin());  // once more
    watch(world_.run(tokens));
  }

  // One that was taken away ends all the same, or is found not to have begun.
  void end_abandoned() {
    if (abandoned_.empty()) return;
    const Token one = *abandoned_.begin();
    abandoned_.erase(abandoned_.begin());
    if (dice_.below(2) == 0) {
      world_.never_began(one);
    } else {
      world_.end(one);
    }
    watch(world_.turn());
  }

  void finish_one() {
    if (dice_.below(2) == 0) end_abandoned();
    if (running_.empty()) return;
    auto chosen = running_.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(dice_.below(running_.size())));
    const Token one = *chosen;
    running_.erase(chosen);
    watch(world_.finish(one, dice_.below(3) == 0 ? wire::Outcome::failed : wire::Outcome::done));
  }

  void recall_some() {
    if (greeted_ != Greeting::answered) return;
    wire::Recall message;
    for (const Token& token : held_) {
      if (dice_.below(2) == 0) message.tokens.push_back(token);
    }
    const auto wanted = world_.receive(message);
    for (const Token& token : wanted.give_back) CHECK(running_.count(token) == 1);
    watch(wanted);
  }

  void settle_some() {
    if (greeted_ != Greeting::answered) return;
    wire::SettledMessage message;
    for (const Token& token : reported_) {
      if (dice_.below(2) == 0) wire::append(message.entries, token);
    }
    for (const wire::TokenRun& run : message.entries) {
      for (std::uint32_t i = 0; i < run.count; ++i) {
        held_.erase(wire::behind(run.first, i));
        reported_.erase(wire::behind(run.first, i));
      }
    }
    if (!message.entries.empty()) watch(world_.receive(message));
  }

  core::Prng dice_;
  SessionWorld world_;
  bool waiting_ = false;
  bool connected_ = false;
  Greeting greeted_ = Greeting::none;
  Sequence last_ = 0;
  std::set<Token> started_;
  std::set<Token> running_;    // at the worker
  std::set<Token> abandoned_;  // too, though taken away
  std::set<Token> held_;       // by the worker, to the router's knowledge
  std::set<Token> reported_;   // over this connection, not settled
};

}  // namespace

TEST_CASE("whatever happens to its connections, a session starts each job once and reports it") {
  const char* const wanted = std::getenv("ZCREW_TEST_SEED");
  const std::uint64_t first = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 1;
  const std::uint64_t count = wanted != nullptr ? 1 : 300;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    Chaos chaos(seed);
    chaos.play();
    chaos.heal();
  }
}

}  // namespace zcrew::worker
