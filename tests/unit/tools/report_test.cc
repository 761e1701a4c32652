#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "submit_report.h"

namespace zcrew::tool {
namespace {

struct Desk {
  explicit Desk(ReportSettings settings)
      : report(
            settings, *source, [this](std::string_view bytes) { out += bytes; },
            [this](const std::string& text) { complaints.push_back(text); }) {}

  std::unique_ptr<Source> source = from_arguments({"one", "two", "three"});
  std::string out;
  std::vector<std::string> complaints;
  Report report;
};

Finished done(Ticket ticket, std::string result) {
  return {ticket, "q1p5n" + std::to_string(ticket), JobEnd::done, 1, "anna", "", std::move(result)};
}

Finished dead(Ticket ticket) {
  return {ticket, "q1p5n" + std::to_string(ticket), JobEnd::dead, 5, "anna", "failed", "boom"};
}

TEST_CASE("results are printed as they come, each on a line of its own") {
  Desk desk({.wait = true});
  desk.report.take(done(2, "two\n"));
  desk.report.take(done(1, "one"));
  desk.report.take(done(3, ""));
  CHECK(desk.out == "two\none\n\n");
}

TEST_CASE("ordered results wait for those before them, and refused jobs hold nothing up") {
  Desk desk({.wait = true, .ordered = true});
  desk.report.take(done(3, "three"));
  CHECK(desk.out.empty());
  desk.report.take(RefusedJob{1, 205, "too large"});
  CHECK(desk.out.empty());
  desk.report.take(done(2, "two"));
  CHECK(desk.out == "two\nthree\n");
}

TEST_CASE("a skipped file is told, has its object, and holds nothing up") {
  Desk desk({.wait = true, .ordered = true, .json = true});
  desk.report.take(SkippedFile{"large", "larger than 64 MiB"});
  CHECK(nlohmann::json::parse(desk.out) == nlohmann::json{{"id", nullptr},
                                                          {"outcome", "skipped"},
                                                          {"reason", "larger than 64 MiB"},
                                                          {"input", "large"}});
  CHECK(desk.complaints == std::vector<std::string>{"skipped large: larger than 64 MiB"});
  desk.out.clear();
  desk.report.take(done(1, "one"));
  CHECK(desk.out.find("\"result\":\"one\"") != std::string::npos);
  CHECK(desk.report.settled() == 1);
}

TEST_CASE("a job that did not end well is told on stderr with its input and a cure") {
  Desk desk({.wait = true});
  desk.report.take(dead(2));
  CHECK(desk.out.empty());
  REQUIRE(desk.complaints.size() == 1);
  for (const char* part : {"q1p5n2", "two", "dead", "5 attempts", "boom", "zcrew dead show"}) {
    CAPTURE(part);
    CHECK(desk.complaints[0].find(part) != std::string::npos);
  }
}

TEST_CASE("--json gives one object a line, with base64 for what is no text") {
  Desk desk({.wait = true, .json = true});
  desk.report.take(done(1, "text"));
  desk.report.take(done(2, "\xff"));
  desk.report.take(dead(3));
  std::vector<nlohmann::json> objects;
  std::istringstream lines(desk.out);
  for (std::string line; std::getline(lines, line);) objects.push_back(nlohmann::json::parse(line));
  REQUIRE(objects.size() == 3);
  CHECK(objects[0] == nlohmann::json{{"id", "q1p5n1"},
                                     {"outcome", "done"},
                                     {"attempts", 1},
                                     {"worker", "anna"},
                                     {"result", "text"},
                                     {"input", "one"}});
  CHECK(objects[1].at("result_base64") == "/w==");
  CHECK_FALSE(objects[1].contains("result"));
  CHECK(objects[2].at("outcome") == "dead");
  CHECK(objects[2].at("reason") == "failed");
  CHECK(objects[2].at("error") == "boom");
}

TEST_CASE("without --wait a confirmed job is settled, and ids are printed only if asked for") {
  Desk plain({});
  plain.report.take(Confirmed{1, "q1p5n1"});
  CHECK(plain.out.empty());
  CHECK(plain.report.settled() == 1);
  Desk ids({.ids = true});
  ids.report.take(Confirmed{1, "q1p5n1"});
  CHECK(ids.out == "q1p5n1\n");
}

TEST_CASE("a result is its job's confirmation unless that came before") {
  Desk desk({.wait = true});
  desk.report.take(Confirmed{1, "q1p5n1"});
  CHECK(desk.report.settled() == 0);
  desk.report.take(done(1, ""));
  desk.report.take(done(2, ""));
  desk.report.take(RefusedJob{3, 207, "no"});
  CHECK(desk.report.counts().confirmed == 2);
  CHECK(desk.report.counts().done == 2);
  CHECK(desk.report.counts().refused == 1);
  CHECK(desk.report.settled() == 3);
}

}  // namespace
}  // namespace zcrew::tool
