#include "zcrew/router.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "peers.h"
#include "zcrew/error.h"

namespace zcrew::router {
namespace {

using nlohmann::json;

struct Running {
  net::Context context;
  RunningRouter router;
  TestClient client{context, router};
};

TEST_CASE_FIXTURE(Running, "a job is confirmed, run, and settled") {
  CHECK(client.hello().last_batch == 0);
  TestWorker worker(context, router);
  worker.hello();
  const std::uint64_t batch = client.submit("hello");
  const auto confirm = client.expect_from_frontend<wire::ConfirmMessage>();
  REQUIRE(confirm.entries.size() == 1);
  CHECK(confirm.entries[0].batch == batch);
  const auto run = worker.expect_run();
  CHECK(run.token.job == confirm.entries[0].first);
  CHECK(run.payload == "hello");
  CHECK(run.attempt == 1);
  worker.finish(run.token, wire::Outcome::done, "");
  CHECK(worker.expect_settled() == run.token);
}

TEST_CASE_FIXTURE(Running, "a caller gets its result") {
  client.hello();
  TestWorker worker(context, router);
  worker.hello();
  const std::uint64_t batch = client.submit("2+2", wire::ResultMode::caller);
  worker.finish(worker.expect_run().token, wire::Outcome::done, "4");
  const auto result = client.expect_from_frontend<wire::ResultMessage>();
  REQUIRE(result.entries.size() == 1);
  CHECK(result.entries[0].batch == batch);
  CHECK(result.entries[0].end == wire::End::done);
  CHECK(result.entries[0].bytes == "4");
  CHECK(result.entries[0].worker == "w1");
}

TEST_CASE_FIXTURE(Running, "a disconnected worker's job goes to another long before its silence") {
  client.hello();
  TestWorker first(context, router);
  first.hello();
  client.submit("again");
  const Token token = first.expect_run().token;
  TestWorker second(context, router);
  second.hello();
  const Instant before = net::read_clocks().mono;
  first.disconnect();
  const auto run = second.expect_run();
  CHECK(net::read_clocks().mono - before < std::chrono::seconds{2});
  CHECK(run.token.job == token.job);
  CHECK(run.token != token);
  CHECK(run.attempt == 2);
}

TEST_CASE_FIXTURE(Running, "bytes that are no message get an error and harm nobody") {
  TestPeer stranger(context, router.frontend());
  stranger.send_frame("\x93\x02");
  CHECK(stranger.expect_from_frontend<wire::Error>().code == wire::ErrorCode::malformed);
  const auto status = json::parse(client.ask("status").body);
  CHECK(status["counters"]["malformed"] == 1);
}

// P-4.15
TEST_CASE_FIXTURE(Running, "status is answered without a hello") {
  const auto reply = client.ask("status");
  CHECK(reply.code == wire::ErrorCode::none);
  const auto status = json::parse(reply.body);
  CHECK(status["epoch"] == 1);
  CHECK(status["endpoints"]["clients"] == router.frontend());
  REQUIRE(status["queues"].size() == 1);
  CHECK(status["queues"][0]["name"] == "default");
  CHECK(json::parse(client.ask("version").body)["epoch"] == 1);
}

TEST_CASE_FIXTURE(Running, "workers are listed with their state") {
  TestWorker worker(context, router);
  worker.hello({"mail"});
  const auto workers = json::parse(client.ask("workers").body)["workers"];
  REQUIRE(workers.size() == 1);
  CHECK(workers[0]["name"] == "w1");
  CHECK(workers[0]["state"] == "idle");
  CHECK(workers[0]["dialect"] == "native");
  CHECK(workers[0]["queues"] == json::array({"mail"}));
  CHECK(workers[0]["instance"] == to_text(worker.instance));
}

TEST_CASE_FIXTURE(Running, "a queue's settings change and are shown") {
  const auto set = [&](std::string_view verb, std::string_view arguments) {
    return json::parse(client.ask(verb, arguments).body);
  };
  CHECK(set("set_queue", R"({"queue":"mail","attempts":2})") == json{{"count", 1}, {"new", true}});
  CHECK(set("set_policy", R"({"queue":"mail","policy":"random"})") == json{{"count", 1}});
  CHECK(set("set_queue", R"({"queue":"mail","weight":2})") == json{{"count", 1}});
  CHECK(set("set_policy", R"({"queue":"other","policy":"random"})") ==
        json{{"count", 1}, {"new", true}});
  const auto queues = json::parse(client.ask("queues").body);
  for (const auto& queue : queues["queues"]) {
    if (queue["name"] != "mail") continue;
    CHECK(queue["attempts"] == 2);
    CHECK(queue["policy"] == "random");
    return;
  }
  FAIL("the queue is not listed");
}

// P-4.16
TEST_CASE_FIXTURE(Running, "refused questions name their error") {
  CHECK(client.ask("reboot").code == wire::ErrorCode::unknown_verb);
  CHECK(client.ask("dead_list", "[]").code == wire::ErrorCode::bad_arguments);
  CHECK(client.ask("dead_list", R"({"queue":"none"})").code == wire::ErrorCode::not_found);
  CHECK(client.ask("dead_show", R"({"id":"q1p5n1"})").code == wire::ErrorCode::not_found);
  CHECK(client.ask("set_policy", R"({"queue":"a b","policy":"random"})").code ==
        wire::ErrorCode::bad_queue_name);
  CHECK(client.ask("set_weight", R"({"worker":"w","weight":1})").code ==
        wire::ErrorCode::not_found);
}

// A job that its worker rejected; returns its id's text.
std::string make_dead_letter(TestClient& client, TestWorker& worker) {
  client.hello();
  worker.hello();
  client.submit("bad \xff payload");
  const auto run = worker.expect_run();
  worker.finish(run.token, wire::Outcome::rejected, "cannot be read");
  worker.expect_settled();
  return to_text(run.token.job);
}

TEST_CASE_FIXTURE(Running, "a dead letter is listed, shown with its history, and redriven") {
  TestWorker worker(context, router);
  const std::string id = make_dead_letter(client, worker);
  const auto list = json::parse(client.ask("dead_list").body);
  REQUIRE(list["dead"].size() == 1);
  CHECK(list["dead"][0]["id"] == id);
  CHECK(list["dead"][0]["queue"] == "default");
  CHECK(list["dead"][0]["reason"] == "rejected");
  CHECK(list["more"] == false);

  const auto letter = json::parse(client.ask("dead_show", R"({"id":")" + id + "\"}").body);
  CHECK(letter["payload_base64"] == "YmFkIP8gcGF5bG9hZA==");
  REQUIRE(letter["history"].size() == 1);
  CHECK(letter["history"][0]["text"] == "cannot be read");
  CHECK(letter["history"][0]["worker"] == "w1");

  const std::string ids = R"({"ids":[")" + id + "\"]}";
  CHECK(json::parse(client.ask("dead_redrive", ids).body)["count"] == 1);
  CHECK(to_text(worker.expect_run().token.job) == id);
}

TEST_CASE_FIXTURE(Running, "a removed dead letter is gone") {
  TestWorker worker(context, router);
  const std::string id = make_dead_letter(client, worker);
  const std::string ids = R"({"ids":[")" + id + "\"]}";
  CHECK(json::parse(client.ask("dead_remove", ids).body)["count"] == 1);
  CHECK(json::parse(client.ask("dead_remove", ids).body)["count"] == 0);
  CHECK(json::parse(client.ask("status").body)["counters"]["removed"] == 1);
}

TEST_CASE_FIXTURE(Running, "a stopped router that holds nothing says goodbye and returns 0") {
  client.hello();
  TestWorker worker(context, router);
  worker.hello();
  router.stop();
  CHECK(router.wait() == exit_code::ok);
  client.expect_from_frontend<wire::Bye>();
  worker.expect_from_backend<wire::Bye>();
}

TEST_CASE_FIXTURE(Running, "a stopped router lets a held job finish and takes no new one") {
  client.hello();
  TestWorker worker(context, router);
  worker.hello();
  client.submit("slow");
  const Token token = worker.expect_run().token;
  client.expect_from_frontend<wire::ConfirmMessage>();
  router.stop();
  client.submit("late");
  CHECK(client.expect_from_frontend<wire::Refused>().code == wire::ErrorCode::shutting_down);
  worker.finish(token, wire::Outcome::done, "");
  CHECK(worker.expect_settled() == token);
  CHECK(router.wait() == exit_code::ok);
}

TEST_CASE_FIXTURE(Running, "a second stop does not wait for held jobs") {
  client.hello();
  TestWorker worker(context, router);
  worker.hello();
  client.submit("for ever");
  worker.expect_run();
  const Instant before = net::read_clocks().mono;
  router.stop();
  router.stop();
  CHECK(router.wait() == exit_code::ok);
  CHECK(net::read_clocks().mono - before < std::chrono::seconds{5});
  worker.expect_from_backend<wire::Bye>();
}

int failure_of(const RouterOptions& options) {
  try {
    const Router router(options, {});
  } catch (const Error& error) {
    return error.exit_code();
  }
  return 0;
}

TEST_CASE("what makes a router unable to start has its exit code") {
  auto options = test_options();
  CHECK(failure_of(options) == 0);
  options.clients = "tcp://*:*";
  CHECK(failure_of(options) == exit_code::configuration);
  options = test_options();
  options.payload_bytes_max = std::uint64_t{65} << 20U;
  CHECK(failure_of(options) == exit_code::configuration);
  options = test_options();
  options.journal = "/dev/null/journal";
  CHECK(failure_of(options) == exit_code::io_error);
  const Router first(test_options(), {});
  options = test_options();
  options.clients = first.frontend();
  CHECK(failure_of(options) == exit_code::configuration);
}

}  // namespace
}  // namespace zcrew::router
