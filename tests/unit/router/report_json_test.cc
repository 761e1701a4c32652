#include "router/report_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace zcrew::router {
namespace {

using nlohmann::json;

core::Report some_report() {
  core::Report report;
  report.epoch = 7;
  report.sessions = 2;
  report.totals.ready = 11;
  report.totals.held = 12;
  report.totals.later = 13;
  report.totals.dead = 14;
  report.counters.accepted = 21;
  report.counters.malformed = 22;
  core::QueueReport queue;
  queue.number = 3;
  queue.settings.name = "mail";
  queue.settings.policy = core::Policy::round_robin;
  queue.settings.paused = true;
  queue.counts.ready = 11;
  report.queues.push_back(queue);
  core::WorkerReport worker;
  worker.name = "w1";
  worker.dialect = "native";
  worker.state = "busy";
  worker.queues = {"mail"};
  worker.weight = 5;
  worker.held = 2;
  report.workers.push_back(worker);
  return report;
}

TEST_CASE("status has the core's numbers and the shell's") {
  ShellStatus shell;
  shell.uptime_s = 61;
  shell.journal.file_bytes = 4096;
  shell.pending_records = 9;
  shell.jobs_written = 10;
  shell.commits = 11;
  const auto status = json::parse(status_json(some_report(), shell));
  CHECK(status["epoch"] == 7);
  CHECK(status["ready"] == 11);
  CHECK(status["held"] == 12);
  CHECK(status["later"] == 13);
  CHECK(status["dead"] == 14);
  CHECK(status["uptime_s"] == 61);
  CHECK(status["sessions"] == 2);
  CHECK(status["recovering"] == false);
  CHECK(status["full"] == false);
  CHECK(status["journal"]["file_bytes"] == 4096);
  CHECK(status["journal"]["pending_records"] == 9);
  CHECK(status["journal"]["jobs_written"] == 10);
  CHECK(status["journal"]["commits"] == 11);
  CHECK(status["version"].is_string());
}

TEST_CASE("status has every counter") {
  const auto counters = json::parse(status_json(some_report(), {}))["counters"];
  for (const char* name :
       {"accepted", "confirmed", "duplicates", "done", "failed", "rejected", "released", "retried",
        "crashed", "cancelled", "expired", "removed", "resumed", "stale", "malformed"}) {
    CHECK_MESSAGE(counters.contains(name), name);
  }
  CHECK(counters["accepted"] == 21);
  CHECK(counters["malformed"] == 22);
}

TEST_CASE("queues and workers are the same in status and by themselves") {
  const auto status = json::parse(status_json(some_report(), {}));
  const auto queues = json::parse(queues_json(some_report()));
  const auto workers = json::parse(workers_json(some_report()));
  CHECK(status["queues"] == queues["queues"]);
  CHECK(status["workers"] == workers["workers"]);
  CHECK(queues["queues"][0]["name"] == "mail");
  CHECK(queues["queues"][0]["policy"] == "round-robin");
  CHECK(queues["queues"][0]["paused"] == true);
  CHECK(queues["queues"][0]["ready"] == 11);
  CHECK(workers["workers"][0]["name"] == "w1");
  CHECK(workers["workers"][0]["queues"] == json::array({"mail"}));
  CHECK(workers["workers"][0]["instance"] == "00000000000000000000000000000000");
}

TEST_CASE("a worker may call itself anything") {
  auto report = some_report();
  report.workers[0].name = "\xff\xfe\"\n";
  const auto workers = json::parse(workers_json(report));
  CHECK(workers["workers"][0]["name"].is_string());
}

journal::DeadLetter some_letter() {
  journal::DeadLetter letter;
  letter.id = {3, 5, 42};
  letter.reason = "rejected";
  letter.died_at = from_ms(1700000000000);
  letter.header.failures = 1;
  letter.payload_bytes = 5;
  letter.history.push_back({from_ms(1700000000000), 2, "rejected", "w1", "no such user"});
  return letter;
}

TEST_CASE("a page of dead letters tells where to go on") {
  journal::DeadPage page;
  page.letters.push_back(some_letter());
  const auto list = json::parse(dead_list_json(page, some_report()));
  CHECK(list["more"] == true);
  CHECK(list["after"] == "q3p5n42");
  CHECK(list["dead"][0]["id"] == "q3p5n42");
  CHECK(list["dead"][0]["queue"] == "mail");
  CHECK(list["dead"][0]["reason"] == "rejected");
  CHECK(list["dead"][0]["attempts"] == 2);
  CHECK(list["dead"][0]["history"][0]["event"] == "rejected");
  page.letters.clear();
  page.reached_end = true;
  CHECK(json::parse(dead_list_json(page, some_report()))["more"] == false);
}

TEST_CASE("a dead letter shows its history and its payload as text") {
  const auto letter = json::parse(dead_letter_json(some_letter(), "hello", some_report()));
  CHECK(letter["payload"] == "hello");
  CHECK(letter["payload_complete"] == true);
  CHECK(letter["history"][0]["event"] == "rejected");
  CHECK(letter["history"][0]["attempt"] == 2);
  CHECK(letter["history"][0]["text"] == "no such user");
}

TEST_CASE("a payload that is no text is shown as base64") {
  const auto letter = json::parse(dead_letter_json(some_letter(), "\xff\xfe", some_report()));
  CHECK(letter["payload_base64"] == "//4=");
  CHECK_FALSE(letter.contains("payload"));
}

TEST_CASE("a large payload is cut between characters, and says so") {
  std::string payload(65535, 'a');
  payload += "\xE2\x82\xAC and more";
  const auto letter = json::parse(dead_letter_json(some_letter(), payload, some_report()));
  CHECK(letter["payload"].get<std::string>() == std::string(65535, 'a'));
  CHECK(letter["payload_complete"] == false);
}

TEST_CASE("every policy has its name") {
  CHECK(to_text(core::Policy::weighted) == "weighted");
  CHECK(to_text(core::Policy::round_robin) == "round-robin");
  CHECK(to_text(core::Policy::random) == "random");
  CHECK(to_text(core::Policy::least_loaded) == "least-loaded");
  CHECK(to_text(core::Policy::adaptive) == "adaptive");
}

}  // namespace
}  // namespace zcrew::router
