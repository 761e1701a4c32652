#include <future>
#include <semaphore>
#include <stdexcept>

#include "fake_router.h"

namespace zcrew::worker {
namespace {

Answer echo(const Attempt& attempt) {
  return {JobOutcome::done, "echo " + std::string(attempt.payload), {}};
}

}  // namespace

TEST_CASE("a job goes to the handler and its answer comes back") {
  FakeRouter router;
  RunningWorker running(router.endpoint(), [](const Attempt& attempt) {
    return Answer{JobOutcome::done,
                  attempt.id + " " + attempt.queue + " " + std::to_string(attempt.attempt) + " " +
                      std::to_string(attempt.time_limit.count()) + " " +
                      std::string(attempt.payload),
                  {}};
  });
  const auto hello = router.expect<wire::WorkerHello>();
  CHECK(hello.name == "tested");
  CHECK(hello.weight == 2);
  router.welcome();
  router.run({{a_token(9), 3, 1500, "payload"}});
  const auto outcome = router.expect<wire::OutcomeMessage>();
  REQUIRE(outcome.entries.size() == 1);
  CHECK(outcome.entries[0].token == a_token(9));
  CHECK(outcome.entries[0].outcome == wire::Outcome::done);
  CHECK(outcome.entries[0].bytes == "q1p5n9 default 3 1500 payload");
}

TEST_CASE("a handler that throws has failed") {
  FakeRouter router;
  RunningWorker running(router.endpoint(), [](const Attempt& attempt) -> Answer {
    if (attempt.payload == "std") throw std::runtime_error("no such address");
    throw 42;
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  router.run({{a_token(1), 1, 0, "std"}});
  auto outcome = router.expect<wire::OutcomeMessage>();
  CHECK(outcome.entries[0].outcome == wire::Outcome::failed);
  CHECK(outcome.entries[0].bytes == "no such address");
  router.run({{a_token(2), 1, 0, "other"}});
  outcome = router.expect<wire::OutcomeMessage>();
  CHECK(outcome.entries[0].outcome == wire::Outcome::failed);
  CHECK_FALSE(outcome.entries[0].bytes.empty());
}

TEST_CASE("as many handlers run at once as WELCOME says") {
  FakeRouter router;
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::promise<void> full;
  std::atomic<int> inside{0};
  RunningWorker running(router.endpoint(), [&](const Attempt&) {
    if (++inside == 2) full.set_value();
    released.wait();
    return Answer{};
  });
  router.expect<wire::WorkerHello>();
  router.welcome({}, 50);
  router.run({{a_token(1), 1, 0, ""}, {a_token(2), 1, 0, ""}, {a_token(3), 1, 0, ""}});
  full.get_future().wait();
  // Heartbeats go on, and the third job waits, while two handlers block.
  for (int i = 0; i < 5; ++i) router.expect<wire::Heartbeat>();
  CHECK(inside == 2);
  release.set_value();
  std::size_t outcomes = 0;
  while (outcomes < 3) outcomes += router.expect_outcomes().size();
  CHECK(inside == 3);
}

TEST_CASE("of the jobs that RECALL names, those that wait come back and are not begun (P-5.17)") {
  FakeRouter router;
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::promise<void> full;
  std::atomic<int> starts{0};
  RunningWorker running(router.endpoint(), [&](const Attempt&) {
    if (++starts == 2) full.set_value();
    released.wait();
    return Answer{};
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  std::vector<wire::RunItem> jobs;
  for (Sequence i = 1; i <= 5; ++i) jobs.push_back({a_token(i), 1, 0, ""});
  router.run(jobs);
  full.get_future().wait();
  router.send(wire::Recall{{a_token(5), a_token(4), a_token(2), a_token(77)}});
  const auto back = router.expect<wire::OutcomeMessage>();
  REQUIRE(back.entries.size() == 2);
  for (const wire::OutcomeItem& item : back.entries) {
    CHECK(item.outcome == wire::Outcome::released);
    CHECK(item.token.job.sequence >= 4);
  }
  release.set_value();
  std::size_t outcomes = 0;
  while (outcomes < 3) outcomes += router.expect_outcomes().size();
  CHECK(starts == 3);
}

TEST_CASE("behind quick jobs that follow each other, long ones hold up no outcome and no message") {
  FakeRouter router;
  std::counting_semaphore<> release(0);
  RunningWorker running(router.endpoint(), [&](const Attempt& attempt) {
    if (attempt.payload == "long") release.acquire();
    return echo(attempt);
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  const auto expect_outcomes = [&](std::size_t count) {
    while (count > 0) {
      const auto outcomes = router.expect_outcomes();
      REQUIRE(outcomes.size() <= count);
      count -= outcomes.size();
      for (const auto& item : outcomes) {
        CHECK(item.outcome == (item.token.job.sequence % 100 == 99 ? wire::Outcome::released
                                                                   : wire::Outcome::done));
      }
    }
  };
  for (Sequence round = 0; round < 100; ++round) {
    CAPTURE(round);
    const Sequence first = 100 * round;
    std::vector<wire::RunItem> jobs;
    for (Sequence i = 1; i <= 20; ++i) jobs.push_back({a_token(first + i), 1, 0, "quick"});
    for (Sequence i = 21; i <= 22; ++i) jobs.push_back({a_token(first + i), 1, 0, "long"});
    jobs.push_back({a_token(first + 99), 1, 0, "waits"});
    router.run(jobs);
    expect_outcomes(20);
    router.send(wire::Recall{{a_token(first + 99)}});
    expect_outcomes(1);
    release.release(2);
    expect_outcomes(2);
  }
}

TEST_CASE("over a router's restart a running job goes on and a finished one is reported again") {
  FakeRouter router;
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<int> starts{0};
  RunningWorker running(router.endpoint(), [&](const Attempt& attempt) {
    ++starts;
    if (attempt.payload == "long") released.wait();
    return echo(attempt);
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  router.run({{a_token(1), 1, 0, "long"}, {a_token(2), 1, 0, "short"}});
  CHECK(router.expect_outcomes()[0].token == a_token(2));

  router.restart();
  const auto hello = router.expect<wire::WorkerHello>();
  CHECK(hello.held == std::vector<Token>{a_token(1)});
  CHECK(hello.finished == std::vector<Token>{a_token(2)});
  router.welcome();
  CHECK(router.expect_outcomes()[0].bytes == "echo short");
  release.set_value();
  CHECK(router.expect_outcomes()[0].bytes == "echo long");
  CHECK(starts == 2);
}

TEST_CASE("a handler hears that its job was given to somebody else") {
  FakeRouter router;
  std::promise<void> begun;
  std::promise<bool> heard;
  RunningWorker running(router.endpoint(), [&](const Attempt& attempt) {
    begun.set_value();
    const Instant deadline = net::read_clocks().mono + std::chrono::seconds{10};
    while (!attempt.abandoned() && net::read_clocks().mono < deadline) std::this_thread::yield();
    heard.set_value(attempt.abandoned());
    return Answer{};
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  router.run({{a_token(1), 1, 0, ""}});
  begun.get_future().wait();
  router.restart();
  REQUIRE(router.expect<wire::WorkerHello>().held == std::vector<Token>{a_token(1)});
  router.welcome({a_token(1)});
  CHECK(heard.get_future().get());
  CHECK_FALSE([&] {
    running.worker().stop();
    try {
      router.expect<wire::OutcomeMessage>(Milliseconds{200});
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }());
}

TEST_CASE("a stopping worker finishes, gives back, waits for the router's word and says BYE") {
  FakeRouter router;
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::promise<void> begun;
  std::atomic<int> starts{0};
  RunningWorker running(router.endpoint(), [&](const Attempt& attempt) {
    if (++starts == 2) begun.set_value();
    released.wait();
    return echo(attempt);
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  router.run({{a_token(1), 1, 0, "a"}, {a_token(2), 1, 0, "b"}, {a_token(3), 1, 0, "c"}});
  begun.get_future().wait();
  running.worker().stop();
  router.expect<wire::Drain>();
  const auto given_back = router.expect<wire::OutcomeMessage>();
  REQUIRE(given_back.entries.size() == 1);
  CHECK(given_back.entries[0].token == a_token(3));
  CHECK(given_back.entries[0].outcome == wire::Outcome::released);
  release.set_value();
  std::size_t outcomes = 0;
  while (outcomes < 2) outcomes += router.expect_outcomes().size();
  for (Sequence i = 1; i <= 3; ++i) router.settle(a_token(i));
  router.expect<wire::Bye>();
  CHECK(running.join());
  CHECK(running.events().back().kind == WorkerEvent::Kind::stopped);
}

TEST_CASE("a worker that is told twice to stop tells its handlers and gives the jobs back") {
  FakeRouter router;
  std::promise<void> begun;
  RunningWorker running(router.endpoint(), [&](const Attempt& attempt) {
    begun.set_value();
    while (!attempt.abandoned()) std::this_thread::yield();
    return Answer{JobOutcome::failed, "interrupted", {}};
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  router.run({{a_token(1), 1, 0, ""}});
  begun.get_future().wait();
  running.worker().stop();
  running.worker().stop();
  const auto outcome = router.expect<wire::OutcomeMessage>();
  CHECK(outcome.entries[0].outcome == wire::Outcome::released);
  router.settle(a_token(1));
  CHECK(running.join());
}

TEST_CASE("a worker that drains by itself is not hurried by the first word to stop") {
  FakeRouter router;
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<int> inside{0};
  std::promise<void> both;
  RunningWorker running(router.endpoint(), [&](const Attempt& attempt) {
    if (++inside == 2) both.set_value();
    while (attempt.payload == "short" && !attempt.abandoned() && inside < 3) {
      std::this_thread::yield();
    }
    if (attempt.payload == "long") released.wait();
    return Answer{attempt.abandoned() ? JobOutcome::failed : JobOutcome::done, "", {}};
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  router.run({{a_token(1), 1, 0, "long"}, {a_token(2), 1, 0, "short"}});
  both.get_future().wait();
  running.worker().drain();
  router.expect<wire::Drain>();
  running.worker().stop();
  ++inside;
  // The loop looks at stop() before it sends an outcome that came later.
  auto outcome = router.expect<wire::OutcomeMessage>();
  CHECK(outcome.entries[0].token == a_token(2));
  CHECK(outcome.entries[0].outcome == wire::Outcome::done);
  release.set_value();
  outcome = router.expect<wire::OutcomeMessage>();
  CHECK(outcome.entries[0].token == a_token(1));
  CHECK(outcome.entries[0].outcome == wire::Outcome::done);
  router.settle(a_token(1));
  router.settle(a_token(2));
  router.expect<wire::Bye>();
  CHECK(running.join());
}

TEST_CASE("a router that does not settle is waited for no longer than asked") {
  FakeRouter router;
  RunningWorker running(router.endpoint(), echo);
  router.expect<wire::WorkerHello>();
  router.welcome();
  router.run({{a_token(1), 1, 0, ""}});
  router.expect<wire::OutcomeMessage>();
  running.worker().set_linger(Milliseconds{50});
  running.worker().stop();
  CHECK_FALSE(running.join());
}

TEST_CASE("a worker without a router says so once, and stops when told") {
  std::string endpoint;
  {
    const FakeRouter gone;
    endpoint = gone.endpoint();
  }
  RunningWorker running(endpoint, echo);
  CHECK(running.wait_for_events(1));
  CHECK(running.events()[0].kind == WorkerEvent::Kind::disconnected);
  CHECK(running.events()[0].text.find(endpoint) != std::string::npos);
  // It connects once there is one.
  FakeRouter router(endpoint);
  router.expect<wire::WorkerHello>();
  router.welcome();
  CHECK(running.wait_for_events(2));
  CHECK(running.events()[1].kind == WorkerEvent::Kind::connected);
  running.worker().stop();
  CHECK(running.join());
}

TEST_CASE("ten thousand short jobs are run and reported, each once") {
  FakeRouter router;
  std::atomic<int> starts{0};
  RunningWorker running(router.endpoint(), [&](const Attempt& attempt) {
    ++starts;
    return echo(attempt);
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  constexpr std::size_t total = 10000;
  std::vector<wire::RunItem> items;
  for (Sequence i = 1; i <= total; ++i) {
    items.push_back({a_token(i), 1, 0, "some payload"});
    if (items.size() < 100) continue;
    router.run(items);
    items.clear();
  }
  std::vector<bool> seen(total + 1);
  std::size_t outcomes = 0;
  while (outcomes < total) {
    for (const auto& item : router.expect_outcomes()) {
      CHECK_FALSE(seen[item.token.job.sequence]);
      seen[item.token.job.sequence] = true;
      ++outcomes;
    }
  }
  CHECK(starts == total);
}

TEST_CASE("options out of range are a configuration error that names them") {
  const auto problem = [](auto change) -> std::string {
    WorkerOptions options;
    change(options);
    try {
      const Worker worker(options, echo);
    } catch (const Error& error) {
      CHECK(error.exit_code() == exit_code::configuration);
      return error.what();
    }
    return {};
  };
  CHECK(problem([](WorkerOptions&) {}).empty());
  CHECK(problem([](WorkerOptions& o) { o.router = "router:5556"; }).find("router:5556") !=
        std::string::npos);
  CHECK(problem([](WorkerOptions& o) { o.queues = {"a b"}; }).find("'a b'") != std::string::npos);
  CHECK_FALSE(problem([](WorkerOptions& o) { o.queues.clear(); }).empty());
  CHECK_FALSE(problem([](WorkerOptions& o) { o.weight = 10001; }).empty());
  CHECK_FALSE(problem([](WorkerOptions& o) { o.concurrency = 65537; }).empty());
  CHECK_FALSE(problem([](WorkerOptions& o) { o.name = std::string(129, 'n'); }).empty());
}

TEST_CASE("a job that was taken away before it began is not begun") {
  FakeRouter router;
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<int> inside{0};
  std::promise<void> both;
  std::atomic<bool> third{false};
  RunningWorker running(router.endpoint(), [&](const Attempt& attempt) {
    if (attempt.payload == "third") third = true;
    if (++inside == 2) both.set_value();
    released.wait();
    return Answer{};
  });
  router.expect<wire::WorkerHello>();
  router.welcome();
  router.run({{a_token(1), 1, 0, "a"}, {a_token(2), 1, 0, "b"}, {a_token(3), 1, 0, "third"}});
  both.get_future().wait();
  router.settle(a_token(3));
  router.run({{a_token(4), 1, 0, "fourth"}});
  router.send(wire::Recall{{a_token(4)}});
  // By then the worker has read all of that, and has handlers for neither.
  const auto outcome = router.expect<wire::OutcomeMessage>();
  CHECK(outcome.entries[0].token == a_token(4));
  release.set_value();
  std::size_t outcomes = 0;
  while (outcomes < 2) outcomes += router.expect_outcomes().size();
  running.worker().stop();
  for (Sequence i : {Sequence{1}, Sequence{2}, Sequence{4}}) router.settle(a_token(i));
  CHECK(running.join());
  CHECK_FALSE(third);
}

}  // namespace zcrew::worker
