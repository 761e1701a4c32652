// The way it goes when nothing goes wrong.
#include "client/session.h"

#include <doctest/doctest.h>

#include "talk.h"

namespace zcrew::client {

TEST_CASE("a session opens, greets, submits and hears that its jobs are safe") {
  Talk talk;
  CHECK(talk.turn() == Lines{"open"});
  talk.submit("a");
  talk.submit("b");
  CHECK(talk.turn() == Lines{});
  talk.session.connected(talk.now);
  CHECK(talk.turn() == Lines{"HELLO floor=1"});
  talk.hear(talk.welcome());
  CHECK(talk.turn() == Lines{"up 7", "SUBMIT 1 floor=1 default: 0=a 1=b"});
  talk.confirm(1, 0, 2, 10);
  CHECK(talk.turn() == Lines{"confirmed 1+2 q1p5n10"});
}

TEST_CASE("tickets count from 1, over refused jobs too") {
  Talk talk;
  CHECK(talk.submit("a") == 1);
  CHECK(talk.submit("b", "not a name") == 2);
  CHECK(talk.submit("c") == 3);
}

TEST_CASE("the floor in a SUBMIT is the first batch that is not wholly confirmed") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.turn();
  talk.submit("b");
  talk.turn();
  talk.confirm(2, 0, 1, 11);
  talk.submit("c");
  CHECK(last(talk.turn()) == "SUBMIT 3 floor=1 default: 0=c");
  talk.confirm(1, 0, 1, 10);
  talk.submit("d");
  CHECK(last(talk.turn()) == "SUBMIT 4 floor=3 default: 0=d");
}

TEST_CASE("a batch may be confirmed in parts, and neighbours are one event") {
  Talk talk;
  talk.link_up();
  for (const char* payload : {"a", "b", "c", "d"}) talk.submit(payload);
  talk.turn();
  talk.hear(wire::ConfirmMessage{{{1, 2, 1, id(12)}, {1, 0, 1, id(10)}, {1, 1, 1, id(11)}}});
  CHECK(talk.turn() == Lines{"confirmed 3+1 q1p5n12", "confirmed 1+2 q1p5n10"});
  CHECK(talk.session.ledger().floor() == 1);
  talk.confirm(1, 3, 1, 13);
  CHECK(talk.turn() == Lines{"confirmed 4+1 q1p5n13"});
  CHECK(talk.session.ledger().floor() == 2);
}

// P-4.12, P-4.13
TEST_CASE("a result confirms its job, is told once and acknowledged") {
  Talk talk;
  talk.link_up();
  talk.submit("a", "default", true);
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default result: 0=a"});
  talk.result(1, 0, 10, "ra");
  CHECK(talk.turn() == Lines{"finished 1 q1p5n10 0 ra", "ACK q1p5n10"});
  CHECK(talk.session.ledger().floor() == 2);
  CHECK(talk.session.awaiting_results() == 0);
}

TEST_CASE("a result after the confirm is matched by its id, with or without a batch number") {
  Talk talk;
  talk.link_up();
  talk.submit("a", "default", true);
  talk.submit("b", "default", true);
  talk.turn();
  talk.confirm(1, 0, 2, 10);
  CHECK(talk.turn() == Lines{"confirmed 1+2 q1p5n10"});
  CHECK(talk.session.awaiting_results() == 2);
  talk.result(1, 1, 11, "rb");
  talk.result(0, 0, 10, "ra");
  CHECK(talk.turn() ==
        Lines{"finished 2 q1p5n11 0 rb", "finished 1 q1p5n10 0 ra", "ACK q1p5n11 q1p5n10"});
  CHECK(talk.session.awaiting_results() == 0);
}

// P-4.13
TEST_CASE("a repeated result is acknowledged again and told no second time") {
  Talk talk;
  talk.link_up();
  talk.submit("a", "default", true);
  talk.turn();
  talk.result(1, 0, 10);
  talk.turn();
  talk.result(1, 0, 10);
  talk.result(0, 0, 10);
  CHECK(talk.turn() == Lines{"ACK q1p5n10 q1p5n10"});
}

TEST_CASE("a repeated confirm, and one of a batch never sent, are ignored") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.submit("b");
  talk.turn();
  talk.confirm(1, 0, 1, 10);
  talk.turn();
  talk.confirm(1, 0, 1, 10);
  talk.confirm(2, 0, 1, 11);
  talk.confirm(0, 0, 1, 11);
  talk.confirm(1, 2, 4000000000U, 11);
  CHECK(talk.turn() == Lines{});
  talk.confirm(1, 0, 4000000000U, 10);
  CHECK(talk.turn() == Lines{"confirmed 2+1 q1p5n11"});
}

TEST_CASE("what left the unconfirmed jobs is counted with its bytes") {
  Talk talk;
  talk.link_up();
  talk.submit("four");
  talk.submit("sixsix");
  talk.turn();
  talk.confirm(1, 1, 1, 11);
  talk.session.turn(talk.now, talk.effects);
  CHECK(talk.effects.settled_jobs == 1);
  CHECK(talk.effects.settled_bytes == 6);
}

// P-4.15
TEST_CASE("requests go out before WELCOME, behind HELLO, and are answered by number") {
  Talk talk;
  talk.session.ask(4, "status", "{}");
  talk.connect();
  CHECK(talk.turn() == Lines{"HELLO floor=1", "ADMIN 4 status {}"});
  talk.hear(wire::AdminReply{9, wire::ErrorCode::none, "not asked"});
  talk.hear(wire::AdminReply{4, wire::ErrorCode::none, "{}"});
  talk.hear(wire::AdminReply{4, wire::ErrorCode::none, "again"});
  CHECK(talk.turn() == Lines{"answered 4 {}"});
}

TEST_CASE("a request whose connection ended is reported, one not yet sent waits for the next") {
  Talk talk;
  talk.link_up();
  talk.session.ask(1, "dead_redrive", "{}");
  talk.turn();
  talk.session.ask(2, "status", "{}");
  talk.session.ask(3, "queues", "{}");
  talk.session.withdraw(3);
  talk.session.disconnected("test", talk.now, talk.effects);
  CHECK(at(talk.turn(), 1) == "unanswered 1");
  talk.connect();
  CHECK(talk.turn() == Lines{"HELLO floor=1", "ADMIN 2 status {}"});
}

TEST_CASE("a goodbye acknowledges what is owed and ends when the router has answered behind it") {
  Talk talk;
  talk.link_up();
  talk.submit("a", "default", true);
  talk.turn();
  talk.result(1, 0, 10);
  talk.session.say_goodbye();
  CHECK_FALSE(talk.session.gone());
  CHECK(talk.turn() == Lines{"finished 1 q1p5n10 0 ", "ACK q1p5n10", "BYE", "ADMIN 0 version {}"});
  CHECK(talk.turn() == Lines{});
  CHECK_FALSE(talk.session.gone());
  talk.hear(wire::AdminReply{0, wire::ErrorCode::none, "{}"});
  CHECK(talk.session.gone());
}

TEST_CASE("a goodbye without a router is over at once") {
  Talk talk;
  talk.turn();
  talk.session.say_goodbye();
  CHECK(talk.session.gone());
}

}  // namespace zcrew::client
