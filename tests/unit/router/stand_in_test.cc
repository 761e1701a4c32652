#include "router/stand_in.h"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace zcrew::router {
namespace {

constexpr auto longest = std::chrono::seconds{20};
constexpr Duration never = std::chrono::hours{1};

// What a stand-in waits for, and what its turns did.
class Post {
 public:
  StandIn::Duties duties() {
    return {[this](Duration) { wait(); }, [this] { return turn(); }, [this] { ring(); }};
  }

  // There is something to hear; `often` times, though nobody hears it.
  void ring(int often = 1) {
    const std::lock_guard lock(mutex_);
    rings_ += often;
    changed_.notify_all();
  }
  void throw_in_next_turn() { throws_ = true; }

  bool wait_for_turns(int count) {
    return wait_until([this, count] { return turns_ >= count; });
  }
  // The stand-in has come back to wait(), or is in it, with nothing left to hear.
  bool wait_for_waits(int count) {
    return wait_until([this, count] { return waits_ >= count; });
  }
  int turns() {
    const std::lock_guard lock(mutex_);
    return turns_;
  }

 private:
  template <typename Condition>
  bool wait_until(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, longest, condition);
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ++waits_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return rings_ > 0; });
    --rings_;
  }
  Duration turn() {
    const std::lock_guard lock(mutex_);
    ++turns_;
    changed_.notify_all();
    if (throws_) throw std::runtime_error("turn");
    return never;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int rings_ = 0;
  int waits_ = 0;
  int turns_ = 0;
  bool throws_ = false;
};

TEST_CASE("turns are made while the first thread is away, for each thing to hear") {
  Post post;
  StandIn stand_in(post.duties(), never);
  stand_in.meanwhile([&] {
    for (int turn = 1; turn <= 3; ++turn) {
      post.ring();
      REQUIRE(post.wait_for_turns(turn));
    }
  });
  CHECK(post.turns() == 3);
}

TEST_CASE("no turn is made while the first thread is there, whatever there is to hear") {
  Post post;
  StandIn stand_in(post.duties(), never);
  post.ring(3);
  stand_in.meanwhile([&] { REQUIRE(post.wait_for_turns(3)); });
  REQUIRE(post.wait_for_waits(4));
  post.ring();
  CHECK(post.turns() == 3);
  // Woken though nobody was away, it looks after the first absence that follows.
  stand_in.meanwhile([&] { CHECK(post.wait_for_turns(4)); });
}

TEST_CASE("who stands in stops when the first thread is back, though there is more to hear") {
  Post post;
  StandIn stand_in(post.duties(), never);
  post.ring(1'000'000);
  for (int absence = 1; absence <= 100; ++absence) {
    stand_in.meanwhile([&, before = post.turns()] { REQUIRE(post.wait_for_turns(before + 1)); });
  }
  CHECK(post.turns() < 1'000'000);
}

TEST_CASE("what a turn throws reaches the first thread") {
  Post post;
  StandIn stand_in(post.duties(), never);
  post.throw_in_next_turn();
  const auto be_away = [&] {
    stand_in.meanwhile([&] {
      post.ring();
      REQUIRE(post.wait_for_turns(1));
    });
  };
  CHECK_THROWS_WITH_AS(be_away(), "turn", std::runtime_error);
  CHECK(post.turns() == 1);
}

TEST_CASE("one that never stood in ends") {
  Post post;
  const StandIn stand_in(post.duties(), never);
}

}  // namespace
}  // namespace zcrew::router
