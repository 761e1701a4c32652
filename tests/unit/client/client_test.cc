// The client over real sockets, against a router of a few habits.
#include "zcrew/client.h"

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>

#include "fake_router.h"
#include "talk.h"

namespace zcrew::client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds patience{10};

// The next event of this kind; others are passed over.
template <typename Kind>
std::optional<Kind> next(Client& client, milliseconds longest = patience) {
  const auto until = Clock::now() + longest;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    if (left <= milliseconds{0}) return std::nullopt;
    const auto event = client.next(left);
    if (!event) return std::nullopt;
    if (const auto* wanted = std::get_if<Kind>(&*event)) return *wanted;
  }
}

ClientOptions at(const std::string& endpoint) { return {endpoint, "test"}; }

}  // namespace

TEST_CASE("an endpoint that is none is told at once, with the exit code for it") {
  for (const char* endpoint : {"nonsense", "tcp://127.0.0.1", "tcp://*:5555", ""}) {
    CAPTURE(endpoint);
    try {
      Client client(at(endpoint));
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.exit_code() == exit_code::configuration);
      CHECK_FALSE(std::string(error.what()).empty());
    }
  }
}

TEST_CASE("where nobody listens, LinkDown comes soon, with a cause") {
  const auto start = Clock::now();
  Client client(at(free_endpoint()));
  const auto down = next<LinkDown>(client);
  REQUIRE(down);
  CHECK(down->why == "nobody listens there");
  CHECK(Clock::now() - start < seconds{3});
}

TEST_CASE("where someone listens who never answers, LinkDown comes soon too") {
  Habits habits;
  habits.welcomes = false;
  FakeRouter router(habits);
  const auto start = Clock::now();
  Client client(at(router.endpoint()));
  REQUIRE(next<LinkDown>(client));
  CHECK(Clock::now() - start < seconds{3});
}

TEST_CASE("jobs submitted before there is a router go out when it appears") {
  const std::string endpoint = free_endpoint();
  Client client(at(endpoint));
  REQUIRE(client.submit(job("early"), patience) == 1);
  REQUIRE(next<LinkDown>(client));
  FakeRouter router({}, endpoint);
  CHECK(next<LinkUp>(client)->epoch == 3);
  const auto confirmed = next<Confirmed>(client);
  REQUIRE(confirmed);
  CHECK(confirmed->ticket == 1);
  CHECK(confirmed->id == "q1p5n1");
  CHECK(client.unconfirmed() == 0);
}

TEST_CASE("a result comes as Finished and is acknowledged") {
  Habits habits;
  habits.gives_results = true;
  FakeRouter router(habits);
  Client client(at(router.endpoint()));
  REQUIRE(client.submit(job("question", "default", true), patience));
  const auto finished = next<Finished>(client);
  REQUIRE(finished);
  CHECK(finished->ticket == 1);
  CHECK(finished->end == JobEnd::done);
  CHECK(finished->result == "question");
  CHECK(finished->worker == "w");
  CHECK(finished->attempts == 1);
  CHECK(router.heard("ACK"));
}

TEST_CASE("an impossible job is refused without a router") {
  Client client(at(free_endpoint()));
  REQUIRE(client.submit(job("x", "no such name"), patience));
  const auto refused = next<RefusedJob>(client);
  REQUIRE(refused);
  CHECK(refused->ticket == 1);
  CHECK(refused->code == 206);
  CHECK(client.unconfirmed() == 0);
}

TEST_CASE("submit waits while the window is full, and gives up in time") {
  Habits habits;
  habits.confirms = false;
  habits.window_jobs = 3;
  FakeRouter router(habits);
  Client client(at(router.endpoint()));
  REQUIRE(next<LinkUp>(client));
  for (int i = 0; i < 3; ++i) REQUIRE(client.submit(job("x"), patience));
  const auto start = Clock::now();
  CHECK_FALSE(client.submit(job("too many"), milliseconds{50}));
  CHECK(Clock::now() - start >= milliseconds{50});
  CHECK(client.unconfirmed() == 3);
}

TEST_CASE("a submit that waits goes on when a confirm makes room") {
  Habits habits;
  habits.window_jobs = 1;
  FakeRouter router(habits);
  Client client(at(router.endpoint()));
  REQUIRE(next<LinkUp>(client));
  for (Ticket i = 1; i <= 100; ++i) REQUIRE(client.submit(job(std::to_string(i)), patience) == i);
  for (Ticket i = 1; i <= 100; ++i) CHECK(next<Confirmed>(client)->ticket == i);
  CHECK(router.jobs().size() == 100);
}

TEST_CASE("submit_many takes as many as have room, and their tickets are consecutive") {
  Habits habits;
  habits.confirms = false;
  habits.window_jobs = 5;
  FakeRouter router(habits);
  Client client(at(router.endpoint()));
  REQUIRE(next<LinkUp>(client));
  std::vector<Job> jobs(8, job("x"));
  const auto some = client.submit_many(jobs, patience);
  CHECK(some.first == 1);
  CHECK(some.count == 5);
  CHECK(jobs[5].payload == "x");
  CHECK(client.submit_many({jobs.data() + 5, 3}, milliseconds{0}).count == 0);
}

TEST_CASE("next_many fills the places there are, in order, and leaves the rest for the next call") {
  FakeRouter router({});
  Client client(at(router.endpoint()));
  REQUIRE(next<LinkUp>(client));
  std::vector<Job> jobs(25, job("x"));
  REQUIRE(client.submit_many(jobs, patience).count == 25);
  REQUIRE(client.wait_confirmed(patience));
  std::vector<ClientEvent> events(10, LinkDown{"written over"});
  Ticket confirmed = 0;
  for (std::size_t count = 0; confirmed < 25; confirmed += count) {
    count = client.next_many(events, patience);
    REQUIRE(count > 0);
    REQUIRE(count <= events.size());
    for (std::size_t i = 0; i < count; ++i) {
      const Ticket ticket = confirmed + i + 1;
      const auto* event = std::get_if<Confirmed>(&events[i]);
      REQUIRE(event != nullptr);
      CHECK(event->ticket == ticket);
      CHECK(event->id == "q1p5n" + std::to_string(ticket));
    }
  }
  CHECK(confirmed == 25);
}

TEST_CASE("next_many gives up in time, at once without places, and touches none without an event") {
  FakeRouter router({});
  Client client(at(router.endpoint()));
  REQUIRE(next<LinkUp>(client));
  std::vector<ClientEvent> events(2, Confirmed{7, "kept"});
  CHECK(client.next_many(events, milliseconds{0}) == 0);
  const auto start = Clock::now();
  CHECK(client.next_many(events, milliseconds{50}) == 0);
  CHECK(Clock::now() - start >= milliseconds{50});
  CHECK(std::get<Confirmed>(events[0]).id == "kept");
  REQUIRE(client.submit(job("x", "no such name"), patience));
  REQUIRE(client.wait_confirmed(patience));
  const auto asked = Clock::now();
  CHECK(client.next_many({}, patience) == 0);
  CHECK(Clock::now() - asked < patience);
  REQUIRE(client.next_many(events, patience) == 1);
  CHECK(std::get<RefusedJob>(events[0]).code == 206);
  CHECK(std::get<Confirmed>(events[1]).ticket == 7);
}

TEST_CASE("several threads submit at once; every job arrives once") {
  FakeRouter router({});
  Client client(at(router.endpoint()));
  constexpr int threads = 4;
  constexpr int each = 5000;
  std::vector<std::thread> submitters;
  for (int t = 0; t < threads; ++t) {
    submitters.emplace_back([&client, t] {
      for (int i = 0; i < each; ++i) {
        CHECK(client.submit(job(std::to_string(t) + "/" + std::to_string(i)), patience));
      }
    });
  }
  std::set<Ticket> confirmed;
  while (confirmed.size() < std::size_t{threads} * each) {
    const auto event = next<Confirmed>(client);
    REQUIRE(event);
    CHECK(confirmed.insert(event->ticket).second);
  }
  for (std::thread& thread : submitters) thread.join();
  const auto jobs = router.jobs();
  CHECK(jobs.size() == std::size_t{threads} * each);
  CHECK(std::set<std::string>(jobs.begin(), jobs.end()).size() == jobs.size());
  CHECK(client.unconfirmed() == 0);
}

TEST_CASE("several threads wait for events at once; every event reaches one of them") {
  FakeRouter router({});
  Client client(at(router.endpoint()));
  constexpr Ticket jobs = 5000;
  std::mutex mutex;
  std::multiset<Ticket> confirmed;
  std::atomic<std::size_t> count{0};
  std::vector<std::thread> waiters;
  for (const unsigned places : {1U, 1U, 7U}) {
    waiters.emplace_back([&, places] {
      std::vector<ClientEvent> events(places);
      while (count < jobs) {
        const std::size_t taken = client.next_many(events, milliseconds{100});
        const std::lock_guard guard(mutex);
        for (const ClientEvent& event : std::span(events).first(taken)) {
          if (!std::holds_alternative<Confirmed>(event)) continue;
          confirmed.insert(std::get<Confirmed>(event).ticket);
          ++count;
        }
      }
    });
  }
  for (Ticket i = 1; i <= jobs; ++i) REQUIRE(client.submit(job("x"), patience));
  for (std::thread& thread : waiters) thread.join();
  REQUIRE(confirmed.size() == jobs);
  for (Ticket i = 1; i <= jobs; ++i) CHECK(confirmed.count(i) == 1);
}

TEST_CASE("wait_confirmed waits for the last confirm, and gives up in time without a router") {
  const std::string endpoint = free_endpoint();
  Client client(at(endpoint));
  CHECK(client.wait_confirmed(milliseconds{0}));
  for (int i = 0; i < 1000; ++i) REQUIRE(client.submit(job("x"), patience));
  CHECK_FALSE(client.wait_confirmed(milliseconds{50}));
  FakeRouter router({}, endpoint);
  CHECK(client.wait_confirmed(patience));
  CHECK(client.unconfirmed() == 0);
  CHECK(router.jobs().size() == 1000);
  CHECK(next<Confirmed>(client)->ticket == 1);
}

TEST_CASE("a caller that waits for each confirm loses none of them") {
  FakeRouter router({});
  Client client(at(router.endpoint()));
  for (Ticket i = 1; i <= 2000; ++i) {
    REQUIRE(client.submit(job("x"), patience) == i);
    const auto confirmed = next<Confirmed>(client);
    REQUIRE(confirmed);
    CHECK(confirmed->ticket == i);
  }
}

TEST_CASE("over a router's death the client comes back by itself and resends what is unconfirmed") {
  Habits silent;
  silent.confirms = false;
  std::optional<FakeRouter> router;
  router.emplace(silent);
  const std::string endpoint = router->endpoint();
  Client client(at(endpoint));
  REQUIRE(client.submit(job("again"), patience));
  REQUIRE(router->heard("SUBMIT"));
  router.reset();
  REQUIRE(next<LinkDown>(client));
  router.emplace(Habits{}, endpoint);
  REQUIRE(next<LinkUp>(client));
  CHECK(next<Confirmed>(client)->ticket == 1);
  CHECK(router->jobs() == std::vector<std::string>{"again"});
}

TEST_CASE("ask is answered with the router's document, even by one that never welcomes") {
  Habits habits;
  habits.welcomes = false;
  FakeRouter router(habits);
  Client client(at(router.endpoint()));
  const auto reply = client.ask("status", "{}", patience);
  REQUIRE(reply);
  CHECK(reply->code == 0);
  CHECK(reply->body == "\"status\"");
}

TEST_CASE("ask gives up in time: with a silent router, and without any") {
  Habits habits;
  habits.answers = false;
  FakeRouter router(habits);
  const std::string endpoint = router.endpoint();
  for (const std::string& where : {endpoint, free_endpoint()}) {
    Client client(at(where));
    const auto start = Clock::now();
    CHECK_FALSE(client.ask("status", "{}", milliseconds{100}));
    CHECK(Clock::now() - start < seconds{5});
  }
}

TEST_CASE("ask gives up early when the connection breaks behind the question") {
  Habits habits;
  habits.answers = false;
  std::optional<FakeRouter> router;
  router.emplace(habits);
  Client client(at(router->endpoint()));
  std::thread killer([&] {
    CHECK(router->heard("ADMIN"));
    router.reset();
  });
  const auto start = Clock::now();
  CHECK_FALSE(client.ask("dead_redrive", "{}", std::chrono::minutes{1}));
  CHECK(Clock::now() - start < patience);
  killer.join();
}

TEST_CASE("a version the router does not speak is reported in the router's words") {
  Habits habits;
  habits.refuses_version = "this router speaks version 9";
  FakeRouter router(habits);
  Client client(at(router.endpoint()));
  const auto down = next<LinkDown>(client);
  REQUIRE(down);
  CHECK(down->why.find("this router speaks version 9") != std::string::npos);
}

TEST_CASE("a client that goes says BYE") {
  FakeRouter router({});
  std::optional<Client> client;
  client.emplace(at(router.endpoint()));
  REQUIRE(next<LinkUp>(*client));
  const auto start = Clock::now();
  client.reset();
  CHECK(Clock::now() - start < seconds{3});
  CHECK(router.heard("BYE"));
}

TEST_CASE("a client that goes does not wait long for a router that answers nothing") {
  Habits habits;
  habits.answers = false;
  FakeRouter router(habits);
  std::optional<Client> client;
  client.emplace(at(router.endpoint()));
  REQUIRE(next<LinkUp>(*client));
  const auto start = Clock::now();
  client.reset();
  CHECK(Clock::now() - start < seconds{2});
}

TEST_CASE("the end of a job has a word") {
  CHECK(std::string(to_text(JobEnd::done)) == "done");
  CHECK(std::string(to_text(JobEnd::unknown)) == "unknown");
}

}  // namespace zcrew::client
