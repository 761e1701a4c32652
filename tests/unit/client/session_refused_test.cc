// What a session does about each kind of REFUSED.
#include <doctest/doctest.h>

#include "client/session.h"
#include "talk.h"

namespace zcrew::client {

using wire::ErrorCode;

namespace {

// Three batches of one job each, all on their way.
void submit_three(Talk& talk) {
  talk.link_up();
  for (const char* payload : {"a", "b", "c"}) {
    talk.submit(payload);
    talk.turn();
  }
}

}  // namespace

TEST_CASE("the user hears once that there is no room, if that lasts, and again after a confirm") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.turn();
  const auto refused_twice = [&](std::uint64_t batch) {
    talk.refuse(batch, ErrorCode::queue_full, batch - 1, {}, 200);
    CHECK(talk.turn() == Lines{});
    talk.pass(Milliseconds{250});
    talk.refuse(batch, ErrorCode::queue_full, batch - 1, {}, 200);
  };
  refused_twice(1);
  CHECK(talk.turn() == Lines{"held back 203"});
  talk.pass(Milliseconds{250});
  talk.refuse(1, ErrorCode::queue_full, 0, {}, 200);
  CHECK(talk.turn() == Lines{});
  talk.pass(Milliseconds{250});
  talk.confirm(1, 0, 1, 10);
  talk.submit("b");
  talk.turn();
  refused_twice(2);
  CHECK(talk.turn() == Lines{"held back 203"});
}

// P-4.8, P-4.9
TEST_CASE("a temporary refusal: the same number again after retry_after_ms, the others later") {
  for (const ErrorCode code : {ErrorCode::window_exceeded, ErrorCode::queue_full,
                               ErrorCode::journal_full, ErrorCode::shutting_down}) {
    CAPTURE(wire::name_of(code));
    Talk talk;
    submit_three(talk);
    talk.confirm(1, 0, 1, 10);
    talk.refuse(2, code, 0, {}, 200);
    talk.refuse(3, ErrorCode::out_of_order, 1);
    CHECK(talk.turn() == Lines{"confirmed 1+1 q1p5n10"});
    CHECK(talk.pass(Milliseconds{199}) == Lines{});
    CHECK(talk.session.next_deadline() <= talk.now + Milliseconds{51});
    CHECK(talk.pass(Milliseconds{51}) == Lines{"SUBMIT 2 floor=2 default: 0=b"});
    talk.confirm(2, 0, 1, 11);
    CHECK(last(talk.turn()) == "SUBMIT 3 floor=3 default: 0=c");
  }
}

TEST_CASE("a batch that finds no room comes again in halves: part of it may fit") {
  for (const ErrorCode code :
       {ErrorCode::window_exceeded, ErrorCode::queue_full, ErrorCode::journal_full}) {
    CAPTURE(wire::name_of(code));
    Talk talk;
    talk.link_up();
    for (const char* payload : {"a", "b", "c", "d"}) talk.submit(payload);
    CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a 1=b 2=c 3=d"});
    talk.refuse(1, code, 0, {}, 10);
    talk.turn();
    CHECK(talk.pass(Milliseconds{20}) == Lines{"SUBMIT 1 floor=1 default: 0=a 1=b"});
  }
}

TEST_CASE("without a retry_after_ms the client chooses a short wait itself") {
  Talk talk;
  submit_three(talk);
  talk.refuse(1, ErrorCode::shutting_down);
  talk.turn();
  CHECK(talk.session.next_deadline() > talk.now);
  CHECK(talk.session.next_deadline() <= talk.now + Milliseconds{125});
}

TEST_CASE(
    "refusals of what was sent behind a refused batch say nothing new, even if they are late") {
  Talk talk;
  submit_three(talk);
  talk.refuse(1, ErrorCode::journal_full, 0, {}, 10);
  talk.turn();
  CHECK(talk.pass(Milliseconds{20}) == Lines{"SUBMIT 1 floor=1 default: 0=a"});
  talk.refuse(2, ErrorCode::out_of_order, 0);
  talk.refuse(3, ErrorCode::out_of_order, 0);
  CHECK(talk.turn() == Lines{});
  // The next one is about the second time.
  talk.refuse(1, ErrorCode::journal_full, 0, {}, 10);
  CHECK(talk.turn() == Lines{});
  CHECK(talk.pass(Milliseconds{20}).size() == 1);
}

// P-4.4, P-4.7
TEST_CASE("jobs at fault are reported and dropped, the rest goes under the same number") {
  Talk talk;
  talk.link_up();
  for (const char* payload : {"a", "b", "c", "d"}) talk.submit(payload);
  talk.turn();
  talk.submit("e");
  talk.turn();
  talk.refuse(1, ErrorCode::bad_option, 0,
              {{1, ErrorCode::option_unsupported}, {3, ErrorCode::payload_too_large}});
  talk.refuse(2, ErrorCode::out_of_order, 0);
  CHECK(talk.turn() == Lines{"refused 2 208", "refused 4 205", "SUBMIT 1 floor=1 default: 0=a 2=c",
                             "SUBMIT 2 floor=1 default: 0=e"});
}

TEST_CASE("a batch of nothing but jobs at fault leaves its number to the next") {
  Talk talk;
  submit_three(talk);
  SUBCASE("each named") { talk.refuse(2, ErrorCode::bad_option, 1, {{0, ErrorCode::bad_option}}); }
  SUBCASE("the batch as a whole") { talk.refuse(2, ErrorCode::bad_option, 1); }
  SUBCASE("with an index that is not in it") {
    talk.refuse(2, ErrorCode::bad_option, 1, {{9, ErrorCode::bad_option}});
  }
  talk.refuse(3, ErrorCode::out_of_order, 1);
  CHECK(talk.turn() == Lines{"refused 2 207", "SUBMIT 2 floor=1 default: 0=c"});
  talk.confirm(1, 0, 1, 10);
  talk.confirm(2, 0, 1, 12);
  CHECK(talk.turn() == Lines{"confirmed 1+1 q1p5n10", "confirmed 3+1 q1p5n12"});
}

TEST_CASE("a code of a newer router is final, like any that does not say later") {
  Talk talk;
  submit_three(talk);
  talk.refuse(1, static_cast<ErrorCode>(299));
  CHECK(first(talk.turn()) == "refused 1 299");
}

TEST_CASE("some jobs at fault and others merely too early: the latter wait") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.submit("b");
  talk.turn();
  talk.refuse(1, ErrorCode::bad_option, 0, {{0, ErrorCode::bad_option}, {1, ErrorCode::queue_full}},
              100);
  CHECK(talk.turn() == Lines{"refused 1 207"});
  CHECK(talk.pass(Milliseconds{130}) == Lines{"SUBMIT 1 floor=1 default: 1=b"});
}

TEST_CASE("a batch too large for its queue is halved until it fits, then grows again") {
  Talk talk;
  talk.link_up();
  for (int i = 0; i < 8; ++i) talk.submit("x");
  CHECK(first(talk.turn()) == "SUBMIT 1 floor=1 default: 0=x 1=x 2=x 3=x 4=x 5=x 6=x 7=x");
  talk.refuse(1, ErrorCode::queue_full, 0, {}, 10);
  talk.turn();
  CHECK(talk.pass(Milliseconds{20}) == Lines{"SUBMIT 1 floor=1 default: 0=x 1=x 2=x 3=x"});
  talk.refuse(1, ErrorCode::queue_full, 0, {}, 10);
  talk.turn();
  CHECK(talk.pass(Milliseconds{20}) == Lines{"SUBMIT 1 floor=1 default: 0=x 1=x"});
  talk.confirm(1, 0, 2, 10);
  CHECK(last(talk.turn()) == "SUBMIT 2 floor=2 default: 0=x 1=x 2=x 3=x");
  talk.confirm(2, 0, 4, 12);
  CHECK(last(talk.turn()) == "SUBMIT 3 floor=3 default: 0=x 1=x");
}

// P-4.3
TEST_CASE("out_of_order without a refusal before it: back to what the router waits for") {
  Talk talk;
  submit_three(talk);
  talk.refuse(3, ErrorCode::out_of_order, 1);
  CHECK(talk.turn() == Lines{"SUBMIT 2 floor=1 default: 0=b", "SUBMIT 3 floor=1 default: 0=c"});
}

TEST_CASE("out_of_order that makes no sense is settled by a new HELLO") {
  Talk talk;
  submit_three(talk);
  SUBCASE("it waits for the very batch it refuses") { talk.refuse(2, ErrorCode::out_of_order, 1); }
  SUBCASE("it waits for a batch that is confirmed") {
    talk.confirm(1, 0, 1, 10);
    talk.turn();
    talk.refuse(2, ErrorCode::out_of_order, 0);
  }
  CHECK(first(talk.turn()).substr(0, 5) == "HELLO");
}

TEST_CASE("a refusal of a batch that is not on its way is ignored") {
  Talk talk;
  submit_three(talk);
  talk.confirm(1, 0, 1, 10);
  talk.turn();
  talk.refuse(1, ErrorCode::bad_option);
  talk.refuse(4, ErrorCode::bad_option);
  talk.refuse(0, ErrorCode::out_of_order);
  CHECK(talk.turn() == Lines{});
}

}  // namespace zcrew::client
