// Finding the router, noticing that it is gone, finding it again.
#include <doctest/doctest.h>

#include "client/session.h"
#include "talk.h"

namespace zcrew::client {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("without any word from a router the user hears so within a second, once") {
  Talk talk;
  talk.turn();
  CHECK(talk.pass(milliseconds{500}) == Lines{});
  CHECK(talk.session.next_deadline() <= talk.now + milliseconds{500});
  const Lines lines = talk.pass(milliseconds{450});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "down: there is no answer so far");
  talk.session.unreachable("nobody listens", talk.effects);
  CHECK(talk.pass(seconds{60}) == Lines{});
}

TEST_CASE("an attempt that failed is reported at once, with its cause") {
  Talk talk;
  talk.turn();
  talk.session.unreachable("nobody listens", talk.effects);
  CHECK(talk.turn() == Lines{"down: nobody listens"});
  CHECK(talk.pass(seconds{5}) == Lines{});
}

// P-8.1, P-8.2
TEST_CASE("a heartbeat goes out every heartbeat_ms, and any message keeps the link") {
  Talk talk;
  talk.link_up();
  for (int i = 0; i < 10; ++i) {
    CHECK(talk.pass(seconds{1}) == Lines{"BEAT"});
    talk.hear(wire::Heartbeat{});
  }
}

// P-8.3
TEST_CASE("a router silent for heartbeat_ms × liveness is given up for a new connection") {
  Talk talk;
  talk.link_up();
  CHECK(talk.pass(milliseconds{2999}) == Lines{"BEAT"});
  const Lines lines = talk.pass(milliseconds{1});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "down: it is silent");
  CHECK(lines[1] == "close");
  CHECK(talk.session.next_deadline() <= talk.now + milliseconds{50});
  CHECK(talk.pass(milliseconds{50}) == Lines{"open"});
}

TEST_CASE("a client that did not run for a while does not blame the router") {
  Talk talk;
  talk.link_up();
  CHECK(talk.pass(seconds{60}) == Lines{"BEAT"});
  CHECK(talk.pass(milliseconds{2999}) == Lines{"BEAT"});
  CHECK(last(talk.pass(milliseconds{1})) == "close");
}

TEST_CASE("a router that takes the connection but does not welcome is given up too") {
  Talk talk;
  talk.connect();
  talk.turn();
  CHECK(talk.pass(milliseconds{2999}).size() == 1);  // the notice
  CHECK(last(talk.pass(milliseconds{1})) == "close");
}

// P-8.4
TEST_CASE("patience grows with a large message on its way, in either direction") {
  Talk talk;
  talk.payload_bytes_max = 64U << 20U;
  talk.link_up();
  SUBCASE("ours") { talk.submit(std::string(4U << 20U, 'x')); }
  SUBCASE("the router's") { talk.hear(wire::Heartbeat{4U << 20U}); }
  talk.turn();
  CHECK(talk.pass(milliseconds{6999}) == Lines{"BEAT"});
  CHECK(last(talk.pass(milliseconds{1})) == "close");
}

TEST_CASE("reconnecting backs off with chance in it, to a second at most") {
  Talk talk;
  Duration last{};
  for (int i = 0; i < 20; ++i) {
    talk.connect();
    talk.session.disconnected("test", talk.now, talk.effects);
    talk.turn();
    last = talk.session.next_deadline() - talk.now;
    CHECK(last > Duration::zero());
    CHECK(last <= seconds{1});
  }
  CHECK(last >= milliseconds{500});
}

TEST_CASE("a link that was up for long is tried again at once") {
  Talk talk;
  for (int i = 0; i < 20; ++i) {
    talk.link_up();
    talk.pass(seconds{2});
    talk.session.disconnected("test", talk.now, talk.effects);
    talk.turn();
    CHECK(talk.session.next_deadline() - talk.now <= milliseconds{50});
  }
}

TEST_CASE("each loss and each return is told once") {
  Talk talk;
  talk.link_up();
  talk.session.disconnected("test", talk.now, talk.effects);
  CHECK(talk.turn() == Lines{"down: test", "close"});
  talk.connect();
  talk.session.unreachable("nobody listens", talk.effects);
  CHECK(talk.turn() == Lines{"HELLO floor=1"});
  talk.hear(talk.welcome());
  CHECK(talk.turn() == Lines{"up 7"});
}

// P-3.10
TEST_CASE("a router of another version is reported in its own words and not pestered") {
  Talk talk;
  talk.connect();
  talk.turn();
  SUBCASE("it refuses") {
    talk.hear(wire::Error{wire::ErrorCode::version_unsupported, "this router speaks version 2"});
    CHECK(first(talk.turn()).find("this router speaks version 2") != std::string::npos);
  }
  SUBCASE("it answers in its version") {
    auto welcome = talk.welcome();
    welcome.version = 2;
    talk.hear(welcome);
    CHECK(first(talk.turn()).find("version 2") != std::string::npos);
  }
  CHECK(talk.session.next_deadline() >= talk.now + milliseconds{500});
  CHECK(talk.session.next_deadline() <= talk.now + seconds{1});
}

TEST_CASE("a welcome that contradicts the session's numbers is no basis to submit on") {
  Talk talk;
  talk.submit("a");
  talk.connect();
  talk.turn();
  talk.hear(talk.welcome(5));
  const Lines lines = talk.turn();
  CHECK(last(lines) == "close");
  CHECK(first(lines).find("batch 5") != std::string::npos);
}

// P-4.18
TEST_CASE("a goodbye from the router keeps everything and connects again") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.turn();
  talk.hear(wire::Bye{});
  CHECK(last(talk.turn()) == "close");
  talk.connect();
  CHECK(talk.turn() == Lines{"HELLO floor=1"});
  talk.hear(talk.welcome());
  CHECK(talk.turn() == Lines{"up 7", "SUBMIT 1 floor=1 default: 0=a"});
}

TEST_CASE("what comes while there is no connection counts for nothing") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.turn();
  talk.lose_link();
  talk.confirm(1, 0, 1, 10);
  CHECK(talk.turn() == Lines{});
}

}  // namespace zcrew::client
