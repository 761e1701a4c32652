#include "session_world.h"

namespace zcrew::worker {
namespace {

SessionWorld::Wanted drain(SessionWorld& world) {
  world.session.drain(world.now, world.effects);
  return world.turn();
}

}  // namespace

TEST_CASE("an idle worker that stops says DRAIN and BYE") {
  SessionWorld world;
  world.serve();
  const auto wanted = drain(world);
  CHECK(wanted.all<wire::Drain>().size() == 1);
  CHECK(wanted.all<wire::Bye>().size() == 1);
  CHECK(std::holds_alternative<wire::Bye>(wanted.messages.back()));
  CHECK(wanted.close);
  CHECK(world.session.stopped());
}

TEST_CASE("a worker without a connection stops at once if it owes nothing") {
  SessionWorld world;
  world.wait_for_open();
  drain(world);
  CHECK(world.session.stopped());
}

TEST_CASE("what runs is finished, what has not begun comes back released") {
  SessionWorld world;
  world.serve();
  world.run({token(1), token(2)});
  auto wanted = drain(world);
  CHECK(wanted.give_back == std::vector{token(1), token(2)});
  CHECK(wanted.all<wire::Drain>().size() == 1);
  world.never_began(token(2));
  wanted = world.turn();
  REQUIRE(wanted.outcomes().size() == 1);
  CHECK(wanted.outcomes()[0].token == token(2));
  CHECK(wanted.outcomes()[0].outcome == wire::Outcome::released);
  CHECK_FALSE(world.session.stopped());

  world.receive(wire::SettledMessage{{{token(2)}}});
  CHECK(world.finish(token(1)).outcomes().size() == 1);
  CHECK_FALSE(world.session.stopped());
  wanted = world.receive(wire::SettledMessage{{{token(1)}}});
  CHECK(wanted.all<wire::Bye>().size() == 1);
  CHECK(world.session.stopped());
  CHECK(world.session.unsettled() == 0);
}

TEST_CASE("jobs that cross with DRAIN go straight back") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  drain(world);
  const auto wanted = world.run({token(5)});
  CHECK(wanted.start.empty());
  REQUIRE(wanted.outcomes().size() == 1);
  CHECK(wanted.outcomes()[0].outcome == wire::Outcome::released);
}

TEST_CASE("a job that runs long is waited for beyond the linger time") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  drain(world);
  for (int second = 0; second < 100; ++second) {
    world.now += heartbeat;
    world.receive(wire::Heartbeat{});
    CHECK_FALSE(world.session.stopped());
  }
  world.finish(token(1));
  world.receive(wire::SettledMessage{{{token(1)}}});
  CHECK(world.session.stopped());
}

TEST_CASE("a router that never settles is waited for only so long") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  drain(world);
  world.finish(token(1));
  const Instant start = world.now;
  while (world.now < start + std::chrono::seconds{9}) {
    world.now += heartbeat;
    world.receive(wire::Heartbeat{});
  }
  CHECK_FALSE(world.session.stopped());
  world.now = start + std::chrono::seconds{10};
  const auto wanted = world.receive(wire::Heartbeat{});
  CHECK(world.session.stopped());
  CHECK(world.session.unsettled() == 1);
  REQUIRE(wanted.notes.size() == 1);
  CHECK(wanted.notes[0].kind == Note::Kind::stopped);
}

TEST_CASE("the linger time can be cut short while it runs") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  world.lose();
  drain(world);
  world.finish(token(1));
  world.session.set_linger(world.now, Milliseconds{100});
  world.turn_at(world.now + Milliseconds{100});
  CHECK(world.session.stopped());
}

TEST_CASE("a draining worker that reconnects asks for nothing and says DRAIN again") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  drain(world);
  world.lose();
  const auto hello = world.greet();
  CHECK(hello.all<wire::WorkerHello>()[0]->weight == 0);
  CHECK(world.welcome().all<wire::Drain>().size() == 1);
  CHECK(world.turn().all<wire::Drain>().empty());
}

}  // namespace zcrew::worker
