// What goes into a batch, and how many batches may be on their way.
#include <doctest/doctest.h>

#include <set>

#include "base/limits.h"
#include "client/session.h"
#include "talk.h"

namespace zcrew::client {
namespace {

std::size_t items_in(const wire::Submit& submit) {
  std::size_t count = 0;
  for (const wire::SubmitGroup& group : submit.groups) count += group.items.size();
  return count;
}

std::vector<std::size_t> batch_sizes(Talk& talk) {
  talk.session.turn(talk.now, talk.effects);
  std::vector<std::size_t> sizes;
  for (const Outgoing& each : talk.effects.sends) {
    if (const auto* submit = std::get_if<wire::Submit>(&each)) sizes.push_back(items_in(*submit));
  }
  talk.effects.clear();
  return sizes;
}

int refusal(const Job& what) {
  Talk talk;
  talk.submit(what);
  if (talk.effects.events.empty()) return 0;
  return std::get<RefusedJob>(talk.effects.events.front()).code;
}

}  // namespace

TEST_CASE("all that is ready at a turn is one batch, and no turn waits for more") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a"});
  talk.submit("b");
  talk.submit("c");
  CHECK(talk.turn() == Lines{"SUBMIT 2 floor=1 default: 0=b 1=c"});
  CHECK(talk.turn() == Lines{});
}

TEST_CASE("jobs with equal options that follow each other are one group") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.submit("b");
  talk.submit("c", "mail");
  talk.submit("d", "mail", true);
  Job urgent = job("e");
  urgent.priority = 0;
  urgent.delay = std::chrono::seconds{2};
  talk.submit(urgent);
  talk.submit("f");
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a 1=b mail: 2=c mail result: 3=d"
                             " default priority=0 delay=2000: 4=e default: 5=f"});
}

TEST_CASE("every option reaches the message") {
  Talk talk;
  talk.link_up();
  Job what = job("x", "q");
  what.priority = 9;
  what.delay = std::chrono::milliseconds{1};
  what.attempts = 2;
  what.backoff = std::chrono::milliseconds{3};
  what.time_limit = std::chrono::milliseconds{4};
  what.expires = std::chrono::milliseconds{5};
  what.wants_result = true;
  talk.submit(what);
  talk.session.turn(talk.now, talk.effects);
  const auto& submit = std::get<wire::Submit>(talk.effects.sends.back());
  CHECK(submit.groups[0].options ==
        wire::JobOptions{"q", 9, 1, 2, 3, 4, 5, wire::ResultMode::caller, false});
}

TEST_CASE("a message takes at most the entries and bytes of the limits") {
  Talk talk;
  talk.window_jobs = 100000;
  talk.link_up();
  for (std::uint32_t i = 0; i < limits::entries_per_message_max + 10; ++i) talk.submit("");
  // A job without payload still costs some bytes in a message.
  CHECK(batch_sizes(talk) == std::vector<std::size_t>{16384, 10});
  const std::string large(100 * 1024, 'x');
  for (int i = 0; i < 5; ++i) talk.submit(large);
  CHECK(batch_sizes(talk) == std::vector<std::size_t>{2, 2, 1});
}

TEST_CASE("a payload larger than a message's target goes alone and is announced") {
  Talk talk;
  talk.payload_bytes_max = 8U << 20U;
  talk.link_up();
  talk.submit("a");
  talk.submit(std::string(2U << 20U, 'x'));
  talk.submit("b");
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a", "BEAT coming=2097152",
                             "SUBMIT 2 floor=1 default: 0=2097152B",
                             "SUBMIT 3 floor=1 default: 0=b"});
}

TEST_CASE("no more jobs are unconfirmed than the window grants") {
  Talk talk;
  talk.window_jobs = 3;
  talk.link_up();
  for (const char* payload : {"a", "b", "c", "d", "e"}) talk.submit(payload);
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a 1=b 2=c"});
  CHECK(talk.turn() == Lines{});
  talk.confirm(1, 1, 1, 11);
  CHECK(talk.turn() == Lines{"confirmed 2+1 q1p5n11", "SUBMIT 2 floor=1 default: 0=d"});
  talk.confirm(1, 0, 1, 10);
  CHECK(talk.turn() == Lines{"confirmed 1+1 q1p5n10", "SUBMIT 3 floor=1 default: 0=e"});
}

TEST_CASE("no more bytes are unconfirmed than the window grants, but one job always goes") {
  Talk talk;
  talk.window_bytes = 10;
  talk.link_up();
  talk.submit("12345678");
  talk.submit("abc");
  talk.submit("this is longer than ten");
  CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=12345678"});
  talk.confirm(1, 0, 1, 10);
  CHECK(last(talk.turn()) == "SUBMIT 2 floor=2 default: 0=abc");
  talk.confirm(2, 0, 1, 11);
  CHECK(last(talk.turn()) == "SUBMIT 3 floor=3 default: 0=23B");
}

TEST_CASE("a job with impossible options is refused on the spot") {
  Job what = job("x");
  CHECK(refusal(what) == 0);
  what.priority = 10;
  CHECK(refusal(what) == static_cast<int>(wire::ErrorCode::bad_option));
  what = job("x");
  what.attempts = limits::attempts_max + 1;
  CHECK(refusal(what) == static_cast<int>(wire::ErrorCode::bad_option));
  what = job("x");
  what.delay = std::chrono::milliseconds{-1};
  CHECK(refusal(what) == static_cast<int>(wire::ErrorCode::bad_option));
  what = job("x");
  what.expires = std::chrono::hours{24 * 367};
  CHECK(refusal(what) == static_cast<int>(wire::ErrorCode::bad_option));
  for (const std::string& name : {std::string(), std::string("a b"), std::string(129, 'a')}) {
    CHECK(refusal(job("x", name)) == static_cast<int>(wire::ErrorCode::bad_queue_name));
  }
}

TEST_CASE("a refused job is only a gap in the indexes of its neighbours") {
  Talk talk;
  talk.link_up();
  talk.submit("a");
  talk.submit("b", "bad name");
  talk.submit("c");
  CHECK(talk.turn() == Lines{"refused 2 206", "SUBMIT 1 floor=1 default: 0=a default: 2=c"});
  talk.confirm(1, 0, 1, 10);
  talk.confirm(1, 2, 1, 11);
  CHECK(talk.turn() == Lines{"confirmed 1+1 q1p5n10", "confirmed 3+1 q1p5n11"});
  CHECK(talk.session.ledger().floor() == 2);
}

TEST_CASE("a payload above the router's limit is refused here, whenever the limit becomes known") {
  Talk talk;
  talk.payload_bytes_max = 4;
  talk.submit("small");
  talk.submit("ok");
  talk.connect();
  talk.turn();
  talk.hear(talk.welcome());
  talk.submit("large");
  CHECK(talk.turn() ==
        Lines{"up 7", "refused 1 205", "refused 3 205", "SUBMIT 1 floor=1 default: 0=ok"});
}

}  // namespace zcrew::client
