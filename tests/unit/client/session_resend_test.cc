// After a lost connection, a router's death, or a lost message: what is said again, and under which
// number.
#include <doctest/doctest.h>

#include "client/session.h"
#include "talk.h"

namespace zcrew::client {

using std::chrono::seconds;

// P-4.1
TEST_CASE("what is unconfirmed is sent again under its number, as it was, before anything new") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.submit("b", "mail");
  talk.turn();
  talk.submit("c");
  talk.turn();
  talk.lose_link();
  talk.submit("d");
  talk.connect();
  CHECK(talk.turn() == Lines{"HELLO floor=1"});
  // Whether the router had taken batch 1 or not: it is the same message.
  SUBCASE("the submits were lost") { talk.hear(talk.welcome(0)); }
  SUBCASE("the confirms were lost") { talk.hear(talk.welcome(2)); }
  CHECK(talk.turn() == Lines{"up 7", "SUBMIT 1 floor=1 default: 0=a mail: 1=b",
                             "SUBMIT 2 floor=1 default: 0=c", "SUBMIT 3 floor=1 default: 0=d"});
}

// P-4.6
TEST_CASE("of a batch that is partly confirmed only the other jobs are sent again, by index") {
  Talk talk;
  talk.link_up();
  for (const char* payload : {"a", "b", "c", "d"}) talk.submit(payload);
  talk.submit("e", "mail");
  talk.turn();
  talk.confirm(1, 0, 1, 10);
  talk.confirm(1, 2, 1, 12);
  talk.lose_link();
  talk.link_up();
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 1=b 3=d mail: 4=e"});
  talk.confirm(1, 0, 5, 10);
  CHECK(talk.turn() == Lines{"confirmed 2+1 q1p5n11", "confirmed 4+2 q1p5n13"});
  CHECK(talk.session.ledger().floor() == 2);
}

TEST_CASE("HELLO names the first batch that is not wholly confirmed") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.turn();
  talk.submit("b");
  talk.turn();
  talk.confirm(1, 0, 1, 10);
  talk.lose_link();
  talk.connect();
  CHECK(talk.turn() == Lines{"HELLO floor=2"});
}

TEST_CASE("jobs never sent get their numbers behind those that were") {
  Talk talk;
  talk.window_jobs = 1;
  talk.link_up();
  talk.submit("a");
  talk.submit("b");
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a"});
  talk.lose_link();
  talk.window_jobs = 10;
  talk.link_up();
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a", "SUBMIT 2 floor=1 default: 0=b"});
}

TEST_CASE("a smaller window after a reconnect is kept by resends too") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.turn();
  talk.submit("b");
  talk.submit("c");
  talk.turn();
  talk.lose_link();
  talk.window_jobs = 2;
  talk.link_up();
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a"});
  talk.confirm(1, 0, 1, 10);
  CHECK(last(talk.turn()) == "SUBMIT 2 floor=2 default: 0=b 1=c");
}

// Batch 2 ended before it was written, so that the router that crashed left no trace of it, while
// batch 1 is unconfirmed: 2 cannot be sent again, and 3 is not what the router expects.
TEST_CASE("a gap that a finished batch leaves at a restarted router is closed by renumbering") {
  Talk talk;
  talk.link_up();
  for (const char* payload : {"a", "b", "c"}) {
    talk.submit(payload);
    talk.turn();
  }
  talk.confirm(2, 0, 1, 11);
  talk.lose_link();
  talk.link_up(0);
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a", "SUBMIT 3 floor=1 default: 0=c"});
  talk.refuse(3, wire::ErrorCode::out_of_order, 1);
  CHECK(talk.turn() == Lines{"SUBMIT 2 floor=1 default: 0=c"});
  talk.confirm(1, 0, 1, 20);
  talk.confirm(2, 0, 1, 21);
  CHECK(talk.turn() == Lines{"confirmed 1+1 q1p5n20", "confirmed 3+1 q1p5n21"});
  CHECK(talk.session.ledger().floor() == 3);
}

// P-4.14
TEST_CASE("after a reconnect the results still to come are asked for by id") {
  Talk talk;
  talk.link_up();
  talk.submit("a", "default", true);
  talk.submit("b", "default", true);
  talk.submit("c");
  talk.turn();
  talk.confirm(1, 0, 3, 10);
  talk.result(1, 0, 10);
  talk.turn();
  talk.lose_link();
  talk.link_up(1);
  CHECK(talk.turn() == Lines{"ASK q1p5n11"});
  talk.hear(wire::ResultMessage{{{0, 0, id(11), wire::End::unknown, 0, "", "unknown", ""}}});
  CHECK(talk.turn() == Lines{"finished 2 q1p5n11 4 ", "ACK q1p5n11"});
}

TEST_CASE("a job whose confirm was lost may have ended unheard: its result is asked for") {
  Talk talk;
  talk.link_up();
  talk.submit("a", "default", true);
  talk.turn();
  talk.lose_link();
  talk.link_up(1);
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default result: 0=a"});
  talk.confirm(1, 0, 1, 10);
  CHECK(talk.turn() == Lines{"confirmed 1+1 q1p5n10", "ASK q1p5n10"});
}

TEST_CASE("an acknowledgement that found no connection goes to the next one") {
  Talk talk;
  talk.link_up();
  talk.submit("a", "default", true);
  talk.turn();
  talk.result(1, 0, 10);
  talk.session.disconnected("test", talk.now, talk.effects);
  talk.turn();
  talk.link_up(1);
  CHECK(talk.turn() == Lines{"ACK q1p5n10"});
}

TEST_CASE("a batch that stays unanswered on a living link is asked after, ever more rarely") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.turn();
  Duration waited{};
  std::vector<Duration> hellos;
  while (waited < seconds{60}) {
    for (const std::string& line : talk.pass(Milliseconds{500})) {
      if (line == "HELLO floor=1") {
        hellos.push_back(waited);
        talk.hear(talk.welcome(1));
        CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a"});
      }
    }
    waited += Milliseconds{500};
    talk.hear(wire::Heartbeat{});
  }
  REQUIRE(hellos.size() == 3);
  CHECK(hellos[2] - hellos[1] >= 2 * (hellos[1] - hellos[0]) - seconds{1});
}

// P-4.10
TEST_CASE("a router that forgot the session hears HELLO again on the same connection") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.turn();
  talk.submit("b");
  talk.turn();
  SUBCASE("it refuses each submit") {
    talk.refuse(1, wire::ErrorCode::session_unknown);
    talk.refuse(2, wire::ErrorCode::session_unknown);
  }
  SUBCASE("it says so in general") {
    talk.hear(wire::Error{wire::ErrorCode::session_unknown, ""});
    talk.hear(wire::Error{wire::ErrorCode::session_unknown, ""});
  }
  talk.submit("c");
  CHECK(talk.turn() == Lines{"HELLO floor=1"});
  talk.hear(talk.welcome(0));
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a", "SUBMIT 2 floor=1 default: 0=b",
                             "SUBMIT 3 floor=1 default: 0=c"});
}

TEST_CASE("a router that forgets the session again and again is left for a while") {
  Talk talk;
  talk.link_up();
  talk.hear(wire::Error{wire::ErrorCode::session_unknown, ""});
  CHECK(talk.turn() == Lines{"HELLO floor=1"});
  talk.hear(talk.welcome());
  talk.hear(wire::Error{wire::ErrorCode::session_unknown, ""});
  CHECK(last(talk.turn()) == "close");
}

}  // namespace zcrew::client
