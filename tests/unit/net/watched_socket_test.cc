// Sockets that joined a Watch ask libzmq only about what a wait saw, and miss nothing for it.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "net/clock.h"
#include "net/socket.h"
#include "net/watch.h"
#include "waiting.h"

namespace zcrew::net {
namespace {

// A router and a dealer that know each other, both dry, each with a Watch of its own.
struct Pair {
  Pair() {
    router.join(at_router);
    dealer.join(at_dealer);
    until([&] { return send_up("hello") == SendStatus::sent; }, at_dealer);
    until([&] { return receive_up() == "hello"; }, at_router);
    REQUIRE(receive_up().empty());
    REQUIRE(send_down("welcome") == SendStatus::sent);
    until([&] { return receive_down() == "welcome"; }, at_dealer);
    REQUIRE(receive_down().empty());
  }

  template <typename Done>
  static void until(Done done, Watch& watch) {
    const Instant deadline = read_monotonic() + patience;
    while (!done()) {
      REQUIRE(read_monotonic() < deadline);
      watch.wait(Milliseconds{100});
    }
  }

  SendStatus send_up(std::string_view text) {
    DealerSocket::Link link{};
    while (dealer.take_link_event(link)) {
    }
    return dealer.send(text);
  }
  std::string receive_up() {
    Received message;
    if (!router.receive(message)) return {};
    peer = message.peer;
    return std::string(message.frames[0]);
  }
  SendStatus send_down(std::string_view text) { return router.send(peer, {&text, 1}); }
  std::string receive_down() {
    std::string_view frame;
    return dealer.receive(frame) ? std::string(frame) : std::string();
  }

  Context context;
  Watch at_router;
  Watch at_dealer;
  RouterSocket router{context, {"tcp://127.0.0.1:*", 0}};
  DealerSocket dealer{context, router.endpoint(), 0};
  Peer peer{};
};

}  // namespace

TEST_CASE("a dry socket is asked again once a wait has seen it readable") {
  Pair pair;
  for (int round = 0; round < 100; ++round) {
    const std::string text = "job " + std::to_string(round);
    REQUIRE(pair.send_up(text) == SendStatus::sent);
    Pair::until([&] { return pair.receive_up() == text; }, pair.at_router);
    CHECK(pair.receive_up().empty());
    REQUIRE(pair.send_down(text) == SendStatus::sent);
    Pair::until([&] { return pair.receive_down() == text; }, pair.at_dealer);
    CHECK(pair.receive_down().empty());
  }
}

TEST_CASE("what a send took notice of, so that no wait sees it any more, is not missed") {
  Pair pair;
  const Instant deadline = read_monotonic() + patience;
  REQUIRE(pair.send_up("behind a send") == SendStatus::sent);
  while (!pair.router.unread()) {
    REQUIRE(read_monotonic() < deadline);
    REQUIRE(pair.send_down("x") == SendStatus::sent);
  }
  CHECK(pair.receive_up() == "behind a send");

  while (!pair.receive_down().empty() || pair.dealer.unread()) {
    REQUIRE(read_monotonic() < deadline);
    pair.at_dealer.wait(Duration::zero());
  }
  REQUIRE(pair.send_down("behind a send") == SendStatus::sent);
  while (!pair.dealer.unread()) {
    REQUIRE(read_monotonic() < deadline);
    REQUIRE(pair.send_up("x") == SendStatus::sent);
  }
}

TEST_CASE("the end of a connection is told once a wait has seen it") {
  Pair pair;
  std::vector<Peer> suspects;
  pair.router.take_suspects(suspects);
  CHECK(suspects.empty());
  {
    Context other;
    Watch at_leaving;
    DealerSocket leaving(other, pair.router.endpoint(), 0);
    leaving.join(at_leaving);
    Pair::until([&] { return leaving.send("bye") == SendStatus::sent; }, at_leaving);
    Pair::until([&] { return pair.receive_up() == "bye"; }, pair.at_router);
  }
  Pair::until(
      [&] {
        pair.router.take_suspects(suspects);
        return !suspects.empty();
      },
      pair.at_router);
  CHECK(suspects == std::vector<Peer>{pair.peer});
}

}  // namespace zcrew::net
