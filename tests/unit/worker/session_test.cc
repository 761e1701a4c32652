#include <algorithm>

#include "base/limits.h"
#include "session_world.h"

namespace zcrew::worker {

// P-3.14
TEST_CASE("the first message of a connection is HELLO with all a router must know") {
  SessionWorld world;
  const auto wanted = world.greet();
  REQUIRE(wanted.messages.size() == 1);
  const auto& hello = std::get<wire::WorkerHello>(wanted.messages[0]);
  CHECK(hello.instance == session_options().instance);
  CHECK(hello.name == "worker");
  CHECK(hello.weight == 4);
  CHECK(hello.concurrency == 0);
  CHECK(hello.queues == std::vector<std::string_view>{"default"});
  CHECK(hello.held.empty());
  CHECK(hello.finished.empty());
}

TEST_CASE("a job that arrives is started with its payload and queue") {
  SessionWorld world;
  world.serve();
  wire::RunMessage message;
  message.entries.push_back({token(9), 3, 250, "bytes"});
  const auto wanted = world.receive(message);
  REQUIRE(wanted.start.size() == 1);
  const HeldJob& job = *wanted.start[0];
  CHECK(job.token == token(9));
  CHECK(job.attempt == 3);
  CHECK(job.time_limit_ms == 250);
  CHECK(*job.queue == "default");
  CHECK(job.payload.view() == "bytes");
}

TEST_CASE("outcomes of one turn go out in one message") {
  SessionWorld world;
  world.serve();
  world.run({token(1), token(2), token(3)});
  world.now += Milliseconds{4};
  world.end(token(2), wire::Outcome::done, "result", 1500);
  world.end(token(1), wire::Outcome::failed, "reason", 7, 30);
  const auto wanted = world.turn();
  REQUIRE(wanted.messages.size() == 1);
  const auto outcomes = wanted.outcomes();
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].token == token(2));
  CHECK(outcomes[0].run_us == 1500);
  CHECK(outcomes[0].held_us == 4000);
  CHECK(outcomes[0].bytes == "result");
  CHECK(outcomes[1].outcome == wire::Outcome::failed);
  CHECK(outcomes[1].delay_ms == 30);
  CHECK(world.session.unsettled() == 3);
}

TEST_CASE("jobs that follow each other and are done without a result are one item (P-5.21)") {
  SessionWorld world;
  world.serve();
  std::vector<Token> tokens;
  for (Sequence i = 1; i <= 9; ++i) tokens.push_back(token(i));
  world.run(tokens);
  for (const Sequence i : {1U, 2U, 3U}) world.end(token(i), wire::Outcome::done, "", 10 * i);
  world.end(token(5), wire::Outcome::done, "", 7);        // not behind the one before
  world.end(token(6), wire::Outcome::done, "result", 8);  // has something to say
  world.end(token(7), wire::Outcome::failed, "", 9);
  world.end(token(8), wire::Outcome::done, "", 4);
  world.end(token(9), wire::Outcome::done, "", 5);
  const auto wanted = world.turn();
  const auto messages = wanted.all<wire::OutcomeMessage>();
  REQUIRE(messages.size() == 1);
  const auto& items = messages[0]->entries;
  REQUIRE(items.size() == 5);
  CHECK(items[0] == wire::OutcomeItem{token(1), wire::Outcome::done, 20, 0, 0, {}, 3});
  CHECK(items[1] == wire::OutcomeItem{token(5), wire::Outcome::done, 7, 0, 0, {}, 1});
  CHECK(items[2].bytes == "result");
  CHECK(items[3].outcome == wire::Outcome::failed);
  CHECK(items[4] == wire::OutcomeItem{token(8), wire::Outcome::done, 5, 0, 0, {}, 2});
}

TEST_CASE("jobs that came at different times were not held alike, and are items of their own") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  world.now += Milliseconds{4};
  world.run({token(2)});
  world.end(token(1), wire::Outcome::done, "", 1);
  world.end(token(2), wire::Outcome::done, "", 1);
  const auto wanted = world.turn();
  const auto messages = wanted.all<wire::OutcomeMessage>();
  REQUIRE(messages.size() == 1);
  REQUIRE(messages[0]->entries.size() == 2);
  CHECK(messages[0]->entries[0].held_us == 4000);
  CHECK(messages[0]->entries[1].held_us == 0);
}

TEST_CASE("a run is settled whatever of it is here (P-5.21)") {
  SessionWorld world;
  world.serve();
  world.run({token(2), token(3), token(6)});
  for (const Sequence i : {2U, 3U, 6U}) world.end(token(i), wire::Outcome::done, "", 1);
  world.turn();
  world.receive(wire::SettledMessage{{{token(1), 4}}});
  CHECK(world.session.unsettled() == 1);
  world.receive(wire::SettledMessage{{{token(5), 16000}}});
  CHECK(world.session.unsettled() == 0);
}

// P-5.12
TEST_CASE("an outcome is said once and kept until it is settled") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  CHECK(world.finish(token(1)).outcomes().size() == 1);
  CHECK(world.turn().outcomes().empty());
  CHECK(world.session.unsettled() == 1);
  world.receive(wire::SettledMessage{{{token(1)}}});
  CHECK(world.session.unsettled() == 0);
}

TEST_CASE("a router that sends more than a worker can hold hears what arrived and what did not") {
  SessionWorld world;
  world.serve();
  constexpr std::uint32_t most = 138000;
  for (std::uint32_t first = 1; first <= most; first += 6000) {
    std::vector<Token> tokens;
    for (std::uint32_t i = 0; i < 6000; ++i) tokens.push_back(token(first + i));
    CHECK_FALSE(world.run(tokens).close);
  }
  CHECK(world.session.unsettled() == most);
  const auto wanted = world.run({token(most + 1)});
  CHECK(wanted.close);
  CHECK(wanted.start.empty());
  CHECK(world.session.unsettled() == most);
}

TEST_CASE("a repeated RUN starts nothing") {
  SessionWorld world;
  world.serve();
  CHECK(world.run({token(1), token(1)}).start.size() == 1);
  CHECK(world.run({token(1)}).start.empty());
  world.finish(token(1));
  CHECK(world.run({token(1)}).start.empty());
}

TEST_CASE("a reconnect reports what is held and what is finished, and sends unsettled outcomes") {
  SessionWorld world;
  world.serve();
  world.run({token(1), token(2), token(3)});
  world.finish(token(2), wire::Outcome::done, "two");
  CHECK(world.lose().close);

  world.finish(token(3), wire::Outcome::done, "three");
  const auto hello = world.greet();
  REQUIRE(hello.all<wire::WorkerHello>().size() == 1);
  CHECK(hello.all<wire::WorkerHello>()[0]->held == std::vector<Token>{token(1)});
  CHECK(hello.all<wire::WorkerHello>()[0]->finished == std::vector<Token>{token(2), token(3)});
  CHECK(hello.outcomes().empty());

  const auto after = world.welcome();
  const auto outcomes = after.outcomes();
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].bytes == "two");
  CHECK(outcomes[1].bytes == "three");
  CHECK(world.finish(token(1)).outcomes().size() == 1);
}

TEST_CASE("what WELCOME abandons is dropped: nothing is said of it any more") {
  SessionWorld world;
  world.serve();
  world.run({token(1), token(2), token(3)});
  world.finish(token(2));
  world.lose();
  world.greet();
  const auto wanted = world.welcome({token(1), token(2), token(99)});
  CHECK(wanted.abandoned == std::vector<Token>{token(1)});
  CHECK(wanted.outcomes().empty());
  CHECK(world.finish(token(1)).outcomes().empty());
  CHECK(world.session.unsettled() == 1);
}

TEST_CASE("a job that is settled while it runs was taken away") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  CHECK(world.receive(wire::SettledMessage{{{token(1)}}}).abandoned ==
        std::vector<Token>{token(1)});
  CHECK(world.finish(token(1)).outcomes().empty());
}

// P-8.1
TEST_CASE("outcomes that nobody wants any more are no word to the router") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  world.lose();
  world.greet();
  const Instant said_hello = world.now;
  world.now += heartbeat / 2;
  world.finish(token(1));
  CHECK(world.welcome({token(1)}).messages.empty());
  CHECK(world.session.deadline() == said_hello + heartbeat);
  CHECK(world.turn_at(said_hello + heartbeat).all<wire::Heartbeat>().size() == 1);
}

TEST_CASE("an idle worker heartbeats, a talking one does not need to") {
  SessionWorld world;
  world.serve();
  const Instant start = world.now;
  CHECK(world.turn_at(start + heartbeat - Microseconds{1}).messages.empty());
  CHECK(world.turn_at(start + heartbeat).all<wire::Heartbeat>().size() == 1);
  world.now += heartbeat / 2;
  world.run({token(1)});
  CHECK(world.finish(token(1)).messages.size() == 1);
  world.now += heartbeat / 2;
  CHECK(world.turn().messages.empty());
}

TEST_CASE("a worker busy for days heartbeats all the time") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  std::size_t heartbeats = 0;
  for (int second = 0; second < 1000; ++second) {
    world.now += heartbeat;
    heartbeats += world.receive(wire::Heartbeat{}).all<wire::Heartbeat>().size();
  }
  CHECK(heartbeats == 1000);
}

TEST_CASE("the deadline is never later than the next heartbeat") {
  SessionWorld world;
  world.serve();
  CHECK(world.session.deadline() <= world.now + heartbeat);
}

TEST_CASE("a silent router is left after the liveness time, and a talking one is not") {
  SessionWorld world;
  world.serve();
  const Instant start = world.now;
  for (int i = 1; i < 3; ++i) CHECK_FALSE(world.turn_at(start + i * heartbeat).close);
  CHECK(world.turn_at(start + 3 * heartbeat).close);

  world.serve();
  for (int i = 0; i < 10; ++i) {
    world.now += 2 * heartbeat;
    CHECK_FALSE(world.receive(wire::Heartbeat{}).close);
  }
}

TEST_CASE("a router that never answers HELLO is left after the liveness time") {
  SessionWorld world;
  world.greet();
  const Instant start = world.now;
  world.turn_at(start + heartbeat);
  world.turn_at(start + 2 * heartbeat);
  CHECK(world.turn_at(start + 3 * heartbeat).close);
}

TEST_CASE("an announced large message moves the deadline by its size at a MiB a second") {
  SessionWorld world;
  world.serve();
  world.receive(wire::Heartbeat{std::uint64_t{10} << 20U});
  const Instant start = world.now;
  for (int second = 1; second < 13; ++second) {
    CHECK_FALSE(world.turn_at(start + second * heartbeat).close);
  }
  CHECK(world.turn_at(start + 13 * heartbeat).close);
}

TEST_CASE("a process that was stopped does not blame the router") {
  SessionWorld world;
  world.serve();
  CHECK_FALSE(world.turn_at(world.now + std::chrono::minutes{10}).close);
  const Instant start = world.now;
  world.turn_at(start + heartbeat);
  CHECK(world.turn_at(start + 3 * heartbeat).close);
}

TEST_CASE("a large result is announced before it goes out") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  const std::string large(std::size_t{3} << 20U, 'x');
  const auto wanted = world.finish(token(1), wire::Outcome::done, large);
  REQUIRE(wanted.messages.size() == 2);
  CHECK(std::get<wire::Heartbeat>(wanted.messages[0]).coming_bytes == wanted.frames[1].size());
  CHECK(wanted.outcomes()[0].bytes == large);
}

// P-5.16
TEST_CASE("a result that the router cannot take ends the job with the reason, not the connection") {
  SessionWorld world;
  world.greet();
  wire::WorkerWelcome welcome;
  welcome.heartbeat_ms = 1000;
  welcome.liveness = 3;
  welcome.concurrency = 1;
  welcome.payload_bytes_max = 1000;
  world.receive(welcome);
  world.run({token(1), token(2)});
  world.end(token(1), wire::Outcome::done, std::string(1001, 'r'));
  world.end(token(2), wire::Outcome::done, std::string(1000, 'r'));
  const auto wanted = world.turn();
  const auto outcomes = wanted.outcomes();
  CHECK(outcomes[0].outcome == wire::Outcome::rejected);
  CHECK(outcomes[0].bytes.find("1001 bytes") != std::string::npos);
  CHECK(outcomes[1].outcome == wire::Outcome::done);
}

TEST_CASE("many results are cut into messages of bounded size") {
  SessionWorld world;
  world.serve();
  std::vector<Token> tokens;
  for (Sequence i = 1; i <= 100; ++i) tokens.push_back(token(i));
  world.run(tokens);
  for (const Token& one : tokens) world.end(one, wire::Outcome::done, std::string(20000, 'r'));
  const auto wanted = world.turn();
  CHECK(wanted.outcomes().size() == 100);
  CHECK(wanted.frames.size() > 5);
  for (const auto& frame : wanted.frames) CHECK(frame.size() <= limits::message_bytes_target);
}

// P-5.6
TEST_CASE("reconnects are quick at first, then spaced, never over a third of the liveness time") {
  SessionWorld world;
  world.serve();
  world.lose();
  CHECK(world.wait_for_open() <= Milliseconds{20});
  Duration longest{};
  for (int i = 0; i < 50; ++i) {
    world.session.connected(world.now, world.effects);
    world.lose();
    longest = std::max(longest, world.wait_for_open());
  }
  CHECK(longest <= heartbeat);
  CHECK(longest >= heartbeat / 2);
  world.session.connected(world.now, world.effects);
  world.welcome();
  world.lose();
  CHECK(world.wait_for_open() <= Milliseconds{20});
}

TEST_CASE("workers of different seeds do not reconnect in step") {
  auto options = session_options();
  SessionWorld one(options);
  options.seed = 2;
  SessionWorld two(options);
  one.serve();
  two.serve();
  one.lose();
  two.lose();
  CHECK(one.wait_for_open() != two.wait_for_open());
}

TEST_CASE("a router that goes away or forgot us is met again with everything kept") {
  for (const wire::ToWorker& message :
       std::vector<wire::ToWorker>{wire::Bye{}, wire::Error{wire::ErrorCode::hello_first, ""},
                                   wire::Error{wire::ErrorCode::declared_dead, ""},
                                   wire::Error{wire::ErrorCode::superseded, ""}}) {
    SessionWorld world;
    world.serve();
    world.run({token(1)});
    CHECK(world.receive(message).close);
    const auto hello = world.greet();
    CHECK(hello.all<wire::WorkerHello>()[0]->held == std::vector<Token>{token(1)});
  }
}

TEST_CASE("a refusal is told once, and tried again at leisure") {
  SessionWorld world;
  const wire::Error refusal{wire::ErrorCode::wrong_socket, "this is the socket for clients"};
  world.greet();
  const auto wanted = world.receive(refusal);
  CHECK(wanted.close);
  REQUIRE(wanted.notes.size() == 1);
  CHECK(wanted.notes[0].kind == Note::Kind::refused);
  CHECK(wanted.notes[0].text.find("this is the socket for clients") != std::string::npos);
  CHECK(world.wait_for_open() >= heartbeat / 2);
  world.session.connected(world.now, world.effects);
  CHECK(world.receive(refusal).notes.empty());
}

TEST_CASE("an unreadable message ends the connection, since nobody knows what it said") {
  SessionWorld world;
  world.serve();
  world.session.malformed(world.now, wire::ErrorCode::malformed, "cut short", world.effects);
  const auto wanted = world.turn();
  CHECK(wanted.close);
  REQUIRE(wanted.notes.size() == 1);
  CHECK(wanted.notes[0].text.find("cut short") != std::string::npos);
}

TEST_CASE("CAPACITY changes the concurrency now and the weight of the next HELLO") {
  SessionWorld world;
  world.serve();
  CHECK(world.session.concurrency() == 4);
  world.receive(wire::Capacity{9, 9});
  CHECK(world.session.concurrency() == 9);
  world.receive(wire::Capacity{0, 0});
  CHECK(world.session.concurrency() == 1);
  world.receive(wire::Capacity{7, 7});
  world.lose();
  const auto hello = world.greet();
  CHECK(hello.all<wire::WorkerHello>()[0]->weight == 7);
  CHECK(hello.all<wire::WorkerHello>()[0]->concurrency == 0);
}

TEST_CASE(
    "RECALL asks for what is here and not finished, and what never began comes back (P-5.17)") {
  SessionWorld world;
  CHECK(world.greet().all<wire::WorkerHello>()[0]->recalls);
  world.welcome();
  world.run({token(1), token(2), token(3)});
  world.finish(token(1));
  const auto wanted = world.receive(wire::Recall{{token(3), token(2), token(1), token(9)}});
  CHECK(wanted.give_back == std::vector{token(3), token(2)});
  CHECK(wanted.abandoned.empty());
  world.never_began(token(3));  // the other one runs
  const auto outcomes = world.turn().outcomes();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].token == token(3));
  CHECK(outcomes[0].outcome == wire::Outcome::released);
  CHECK(world.finish(token(2)).outcomes().size() == 1);
}

TEST_CASE("each HELLO says which of the worker's connections it is of (P-5.5)") {
  SessionWorld world;
  CHECK(world.greet().all<wire::WorkerHello>()[0]->connection == 1);
  world.welcome();
  world.lose();
  CHECK(world.greet().all<wire::WorkerHello>()[0]->connection == 2);
}

TEST_CASE("without a router, outcomes wait and nothing is sent") {
  SessionWorld world;
  world.serve();
  world.run({token(1)});
  world.lose();
  CHECK(world.finish(token(1)).frames.empty());
  world.now += std::chrono::hours{5};
  world.turn();
  CHECK(world.session.unsettled() == 1);
}

}  // namespace zcrew::worker
