#include "router/stand_in.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>

namespace zcrew::router {
namespace {

constexpr auto longest = std::chrono::seconds{20};
constexpr Instant now{std::chrono::hours{1}};
constexpr Instant never = Instant::max();

// What a stand-in waits for, and what its turns did.
class Post {
 public:
  StandIn::Duties duties() {
    return {.take_post =
                [this] {
                  if (has_room_) set_taken(true);
                  return has_room_.load();
                },
            .leave_post = [this] { set_taken(false); },
            .wait = [this](Instant until) { wait(until); },
            .wake = [this] { ring(); },
            .turn = [this] { return turn(); }};
  }

  // There is something to hear, so often one behind the other.
  void ring(int often = 1) {
    const std::lock_guard lock(mutex_);
    rings_ += often;
    changed_.notify_all();
  }
  void throw_in_next_turn() { throws_ = true; }
  // The next turns say that the wait behind them may last until then; nothing: they are the last.
  void set_until(std::optional<Instant> until) { until_ = until; }
  void set_room(bool has_room) { has_room_ = has_room; }

  bool wait_for_turns(int count) {
    return wait_until([this, count] { return turns_ >= count; });
  }
  bool wait_until_left() {
    return wait_until([this] { return !taken_; });
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
  void set_taken(bool taken) {
    const std::lock_guard lock(mutex_);
    CHECK(taken_ != taken);
    taken_ = taken;
    changed_.notify_all();
  }
  // A time that is over is the one before the test's.
  void wait(Instant until) {
    std::unique_lock lock(mutex_);
    CHECK(taken_);
    if (until < now) return;
    changed_.wait(lock, [this] { return rings_ > 0; });
    --rings_;
  }
  std::optional<Instant> turn() {
    const std::lock_guard lock(mutex_);
    ++turns_;
    changed_.notify_all();
    if (throws_) throw std::runtime_error("turn");
    return until_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> has_room_{true};
  bool taken_ = false;
  int rings_ = 0;
  int turns_ = 0;
  bool throws_ = false;
  std::optional<Instant> until_ = never;
};

TEST_CASE("a turn is made when the first thread is away, and one for each thing to hear") {
  Post post;
  StandIn stand_in(post.duties());
  stand_in.meanwhile(never, [&] {
    REQUIRE(post.wait_for_turns(1));
    for (int turn = 2; turn <= 4; ++turn) {
      post.ring();
      REQUIRE(post.wait_for_turns(turn));
    }
  });
  CHECK(post.turns() == 4);
}

TEST_CASE("no turn is made while the first thread is there, and the post is left then") {
  Post post;
  StandIn stand_in(post.duties());
  CHECK(post.turns() == 0);
  for (int absence = 1; absence <= 3; ++absence) {
    stand_in.meanwhile(never, [&] { REQUIRE(post.wait_for_turns(absence)); });
    post.ring();
    REQUIRE(post.wait_until_left());
    CHECK(post.turns() == absence);
  }
}

TEST_CASE("the post is kept over absences in which there is nothing to hear") {
  Post post;
  StandIn stand_in(post.duties());
  stand_in.meanwhile(never, [&] { REQUIRE(post.wait_for_turns(1)); });
  for (int absence = 0; absence < 1000; ++absence) stand_in.meanwhile(never, [] {});
  CHECK(post.turns() == 1);
  stand_in.meanwhile(never, [&] {
    post.ring();
    CHECK(post.wait_for_turns(2));
  });
}

TEST_CASE("who stands in stops when the first thread is back, though there is more to hear") {
  Post post;
  StandIn stand_in(post.duties());
  post.ring(1'000'000);
  for (int absence = 1; absence <= 100; ++absence) {
    stand_in.meanwhile(never,
                       [&, before = post.turns()] { REQUIRE(post.wait_for_turns(before + 1)); });
  }
  CHECK(post.turns() < 1'000'000);
}

TEST_CASE("who goes away with a turn to make sooner than the other's wait ends wakes it") {
  Post post;
  StandIn stand_in(post.duties());
  post.set_until(now + Milliseconds{100});
  stand_in.meanwhile(never, [&] { REQUIRE(post.wait_for_turns(1)); });
  stand_in.meanwhile(now + Milliseconds{100}, [] {});
  CHECK(post.turns() == 1);
  stand_in.meanwhile(now + Milliseconds{99}, [&] { CHECK(post.wait_for_turns(2)); });
}

TEST_CASE("behind the last turn nobody stands in until the first thread was back") {
  Post post;
  StandIn stand_in(post.duties());
  post.set_until({});
  post.ring(1'000'000);
  stand_in.meanwhile(never, [&] {
    REQUIRE(post.wait_for_turns(1));
    REQUIRE(post.wait_until_left());
  });
  CHECK(post.turns() == 1);
  stand_in.meanwhile(never, [&] { CHECK(post.wait_for_turns(2)); });
}

TEST_CASE("without room for the post nobody stands in, and the next absence tries again") {
  Post post;
  StandIn stand_in(post.duties());
  post.set_room(false);
  for (int absence = 0; absence < 100; ++absence) stand_in.meanwhile(never, [] {});
  CHECK(post.turns() == 0);
  post.set_room(true);
  stand_in.meanwhile(never, [&] { CHECK(post.wait_for_turns(1)); });
}

TEST_CASE("what a turn throws reaches the first thread") {
  Post post;
  StandIn stand_in(post.duties());
  post.throw_in_next_turn();
  const auto be_away = [&] { stand_in.meanwhile(never, [&] { REQUIRE(post.wait_for_turns(1)); }); };
  CHECK_THROWS_WITH_AS(be_away(), "turn", std::runtime_error);
  CHECK(post.turns() == 1);
}

TEST_CASE("it ends, whether it never stood in or waits for somebody to speak") {
  Post post;
  { const StandIn stand_in(post.duties()); }
  {
    StandIn stand_in(post.duties());
    stand_in.meanwhile(never, [&] { REQUIRE(post.wait_for_turns(1)); });
  }
  CHECK(post.wait_until_left());
}

}  // namespace
}  // namespace zcrew::router
