// What a peer can make the core remember is bounded (design D15).
#include <doctest/doctest.h>

#include <algorithm>

#include "bench.h"
#include "core/job.h"

namespace zcrew::core {

TEST_CASE("requests of Guide clients without a body are bounded by what they cost in memory") {
  Config config;
  config.ready_bytes = 100 * job_memory;
  Bench bench(config);
  bench.commit();
  const Peer peer{7};
  for (int i = 0; i < 100000; ++i) bench.step(FromClient{peer, wire::GuideRequest{""}});
  CHECK(bench.report().totals.ready == 100);
  bench.step(PeerGone{peer});
  CHECK(bench.report().totals.ready == 0);
  bench.check();
}

TEST_CASE("a Guide client's request above what a payload may have is dropped") {
  Config config;
  config.payload_bytes_max = 10;
  Bench bench(config);
  bench.commit();
  bench.step(FromClient{Peer{7}, wire::GuideRequest{"0123456789"}});
  bench.step(FromClient{Peer{7}, wire::GuideRequest{"0123456789x"}});
  CHECK(bench.report().totals.ready == 1);
}

TEST_CASE("requests of Guide clients that come before ids are reserved are kept, up to 1,024") {
  Bench bench(Config{});
  for (std::uint32_t i = 1; i <= 2000; ++i) {
    bench.step(FromClient{Peer{i}, wire::GuideRequest{"a"}});
  }
  CHECK(bench.report().totals.ready == 0);
  bench.commit();
  CHECK(bench.report().totals.ready == 1024);
  bench.check();
}

TEST_CASE("there are at most 100,000 queues, whoever names another") {
  Bench bench(Config{});
  bench.commit();
  const Peer client{1};
  bench.greet(client);
  std::vector<std::string> names;
  for (int i = 1; i < 100000; ++i) names.push_back("q" + std::to_string(i));  // and "default"
  std::uint64_t batch = 0;
  const auto submit = [&](std::size_t from, std::size_t to) {
    wire::Submit message;
    message.batch = message.floor = ++batch;
    for (std::size_t i = from; i < to; ++i) {
      wire::SubmitGroup group;
      group.options.queue = names[i];
      group.items.push_back({static_cast<std::uint32_t>(i - from), "", ""});
      message.groups.push_back(std::move(group));
    }
    return bench.step(FromClient{client, std::move(message)});
  };
  for (std::size_t at = 0; at < names.size(); at += 10000) {
    submit(at, std::min(at + 10000, names.size()));
    bench.commit();
  }
  CHECK(bench.report().queues.size() == 100000);

  names.emplace_back("one-more");
  const Effects refused = submit(names.size() - 1, names.size());
  CHECK(std::get<wire::Refused>(refused.sends.at(0).message).code ==
        wire::ErrorCode::too_many_queues);

  QueueSettings settings;
  settings.name = "one-more";
  const Effects& set = bench.step(Command{{}, SetQueue{settings}});
  CHECK(set.replies.at(0).code == wire::ErrorCode::too_many_queues);

  wire::WorkerHello hello;
  hello.queues = {"default", "one-more"};
  const Effects& sent_away = bench.step(FromWorker{Peer{2}, hello});
  CHECK(std::get<wire::Error>(sent_away.sends.at(0).message).code ==
        wire::ErrorCode::too_many_queues);
  CHECK(bench.report().workers.empty());
  CHECK(bench.report().queues.size() == 100000);
}

TEST_CASE(
    "a batch that is resent in a loop costs one confirm each time, and one look for results") {
  Bench bench(Config{});
  bench.commit();
  const Peer client{1};
  const Peer worker{2};
  bench.greet(client);
  wire::Submit submit;
  submit.batch = submit.floor = 1;
  wire::SubmitGroup group;
  group.options.queue = "default";
  group.options.result = wire::ResultMode::caller;
  for (std::uint32_t index = 0; index < 16384; ++index) group.items.push_back({index, "", ""});
  submit.groups.push_back(std::move(group));
  bench.step(FromClient{client, submit});
  bench.commit();
  submit.groups.clear();
  std::size_t looks = 0;
  for (int i = 0; i < 100; ++i) {
    const Effects& effects = bench.step(FromClient{client, submit});
    CHECK(effects.sends.size() == 1);
    looks += effects.reads.size();
  }
  CHECK(looks == 1);
  // A new connection has not heard what the old one was told.
  wire::ClientHello hello;
  hello.floor = 1;
  bench.step(FromClient{worker, hello});
  CHECK(bench.step(FromClient{worker, submit}).reads.size() == 1);
}

TEST_CASE("a session that asks for more jobs than anybody can wait for is not heard (P-4.14)") {
  Bench bench(Config{});
  bench.commit();
  const Peer client{1};
  bench.greet(client);
  const wire::Ask ask{std::vector<JobId>(16384, JobId{1, 5, 1})};
  std::size_t looks = 0;
  for (int i = 0; i < 1000; ++i) looks += bench.step(FromClient{client, ask}).reads.size();
  CHECK(looks == 256);  // of 16,384 each: four million jobs
}

TEST_CASE(
    "results that nobody fetches go after their time, also when the calendar stepped back "
    "(P-4.13)") {
  Config config;
  Bench bench(config);
  bench.commit();
  const Peer client{1};
  bench.greet(client);
  bench.join(Peer{2}, "w", 1, 8);
  const auto end_one = [&](std::uint64_t batch) {
    wire::Submit submit;
    submit.batch = submit.floor = batch;
    wire::SubmitGroup group;
    group.options.queue = "default";
    group.options.result = wire::ResultMode::caller;
    group.items.push_back({0, "", ""});
    submit.groups.push_back(std::move(group));
    const Effects given = bench.step(FromClient{client, submit});
    Token token;
    for (const Send& send : given.sends) {
      if (const auto* run = std::get_if<wire::RunItem>(&send.message)) token = run->token;
    }
    wire::OutcomeItem done;
    done.token = token;
    bench.step(FromWorker{Peer{2}, wire::OutcomeMessage{{done}}});
    bench.commit();
  };
  bench.move_calendar(std::chrono::hours{24 * 365});
  end_one(1);
  bench.move_calendar(-std::chrono::hours{24 * 365});
  end_one(2);
  std::size_t dropped = 0;
  for (int minute = 0; minute < 90; ++minute) {
    for (const Record& record : bench.pass(std::chrono::minutes{1}).records) {
      dropped += std::holds_alternative<RemoveResult>(record) ? 1 : 0;
    }
  }
  CHECK(dropped == 1);
}

TEST_CASE("a worker that names more than 1,024 queues is refused (P-5.2)") {
  Bench bench(Config{});
  bench.commit();
  wire::WorkerHello hello;
  hello.queues.assign(1024, "default");
  bench.step(FromWorker{Peer{2}, hello});
  bench.commit();
  CHECK(bench.report().workers.size() == 1);
  hello.queues.emplace_back("default");
  const Effects& refused = bench.step(FromWorker{Peer{3}, hello});
  CHECK(std::get<wire::Error>(refused.sends.at(0).message).code ==
        wire::ErrorCode::bad_worker_option);
  CHECK(bench.report().workers.size() == 1);
}

TEST_CASE("a worker with 50,000 outcomes that wait for the disk gets no job until some are there") {
  Config config;
  config.prefetch_max = 0;
  Bench bench(config);
  bench.commit();
  const Peer client{1};
  const Peer worker{2};
  bench.join(worker, "w", 1, 1000);
  bench.greet(client);
  std::uint64_t batch = 0;
  const auto settle = [&](const Effects& effects) {
    wire::OutcomeMessage outcomes;
    for (const Send& send : effects.sends) {
      if (const auto* run = std::get_if<wire::RunItem>(&send.message)) {
        outcomes.entries.emplace_back().token = run->token;
      }
    }
    const std::size_t jobs = outcomes.entries.size();
    bench.take();
    bench.step(FromWorker{worker, std::move(outcomes)});
    return jobs;
  };
  for (; batch < 50;) {
    ++batch;
    REQUIRE(settle(bench.submit(client, batch, batch, 1000)) == 1000);
  }
  CHECK(settle(bench.submit(client, 51, 51, 1000)) == 0);
  CHECK(settle(bench.commit()) == 1000);
  bench.check();
}

TEST_CASE("a client that never raises its floor is refused before it fills memory") {
  Bench bench(Config{});
  bench.commit();
  const Peer client{1};
  bench.greet(client);
  const auto refusal = [](const Effects& effects) {
    for (const Send& send : effects.sends) {
      if (const auto* refused = std::get_if<wire::Refused>(&send.message)) return refused->code;
    }
    return wire::ErrorCode::none;
  };
  std::uint64_t batch = 1;
  while (batch < 100000 && refusal(bench.submit(client, batch, 1, 1)) == wire::ErrorCode::none) {
    bench.commit();
    ++batch;
  }
  CHECK(batch == 65537);
  CHECK(refusal(bench.submit(client, batch, 1, 1)) == wire::ErrorCode::window_exceeded);
  CHECK(refusal(bench.submit(client, batch, batch, 1)) == wire::ErrorCode::none);
}

}  // namespace zcrew::core
