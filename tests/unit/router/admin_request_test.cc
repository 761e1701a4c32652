#include "router/admin_request.h"

#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "base/limits.h"

namespace zcrew::router {
namespace {

template <typename T>
T parsed(std::string_view verb, std::string_view arguments) {
  const auto request = parse_admin(verb, arguments);
  if (!request) FAIL(request.error().text);
  REQUIRE(std::holds_alternative<T>(*request));
  return std::get<T>(*request);
}

AdminError refused(std::string_view verb, std::string_view arguments) {
  const auto request = parse_admin(verb, arguments);
  REQUIRE_FALSE(request);
  return request.error();
}

TEST_CASE("questions take an empty object, or nothing") {
  parsed<AskStatus>("status", "{}");
  parsed<AskStatus>("status", "");
  parsed<AskQueues>("queues", "{}");
  parsed<AskWorkers>("workers", "{}");
  parsed<AskVersion>("version", "{}");
}

TEST_CASE("dead letters are listed from the start unless told otherwise") {
  const auto all = parsed<ListDead>("dead_list", "{}");
  CHECK(all.queue.empty());
  CHECK(all.after == JobId{});
  CHECK(all.limit == 100);
  const auto some =
      parsed<ListDead>("dead_list", R"({"queue": "mail", "after": "q3p5n7", "limit": 1000})");
  CHECK(some.queue == "mail");
  CHECK(some.after == JobId{3, 5, 7});
  CHECK(some.limit == 1000);
}

TEST_CASE("dead letters are named by their ids") {
  CHECK(parsed<ShowDead>("dead_show", R"({"id": "q1p0n9"})").id == JobId{1, 0, 9});
  CHECK(
      parsed<core::RedriveDead>("dead_redrive", R"({"ids": ["q1p0n9", "q1p0n10"]})").jobs.size() ==
      2);
  CHECK(parsed<core::RemoveDead>("dead_remove", R"({"ids": ["q1p0n9"]})").jobs.front() ==
        JobId{1, 0, 9});
}

TEST_CASE("weights and policies become the core's commands") {
  const auto weight = parsed<core::SetWeight>("set_weight", R"({"worker": "w1", "weight": 0})");
  CHECK(weight.worker == "w1");
  CHECK(weight.weight == 0);
  const auto policy =
      parsed<core::SetPolicy>("set_policy", R"({"queue": "mail", "policy": "least-loaded"})");
  CHECK(policy.queue == "mail");
  CHECK(policy.policy == core::Policy::least_loaded);
}

TEST_CASE("a changed queue keeps what the request does not name") {
  core::QueueSettings settings;
  settings.name = "mail";
  settings.max_held = 7;
  settings.attempts = 9;
  const auto change =
      parsed<ChangeQueue>("set_queue", R"({"queue": "mail", "attempts": 2, "paused": true})");
  const auto after = changed(settings, change);
  CHECK(after.name == "mail");
  CHECK(after.max_held == 7);
  CHECK(after.attempts == 2);
  CHECK(after.paused);
}

TEST_CASE("every setting of a queue can be changed") {
  const auto change = parsed<ChangeQueue>(
      "set_queue", R"({"queue":"q","policy":"adaptive","weight":2,"max_ready":18446744073709551615,
                       "max_held":4,"attempts":5,"crash_limit":6,"backoff_ms":7,
                       "backoff_max_ms":8,"paused":false})");
  const auto after = changed({}, change);
  CHECK(after.policy == core::Policy::adaptive);
  CHECK(after.weight == 2);
  CHECK(after.max_ready == 18446744073709551615ULL);
  CHECK(after.max_held == 4);
  CHECK(after.attempts == 5);
  CHECK(after.crash_limit == 6);
  CHECK(after.backoff_ms == 7);
  CHECK(after.backoff_max_ms == 8);
  CHECK_FALSE(after.paused);
}

TEST_CASE("an unknown verb is answered with those that are known") {
  const auto error = refused("reboot", "{}");
  CHECK(error.code == wire::ErrorCode::unknown_verb);
  CHECK(error.text.find("dead_redrive") != std::string::npos);
  CHECK(refused("\xff\n", "{}").text.find('\n') == std::string::npos);
}

TEST_CASE("wrong arguments are refused with the field's name") {
  struct Case {
    const char* verb;
    const char* arguments;
    const char* says;
  };
  for (const Case& c : {
           Case{"set_weight", R"({"worker": "w"})", "'weight' is missing"},
           Case{"set_weight", R"({"weight": 1})", "'worker' is missing"},
           Case{"set_weight", R"({"worker": "w", "weight": 10001})", "from 0 to 10000"},
           Case{"set_weight", R"({"worker": "w", "weight": -1})", "'weight'"},
           Case{"set_weight", R"({"worker": "w", "weight": 1.5})", "'weight'"},
           Case{"set_weight", R"({"worker": ["w"], "weight": 1})", "not an array"},
           Case{"set_policy", R"({"queue": "q", "policy": "best"})", "least-loaded"},
           Case{"set_queue", R"({"queue": "q", "atempts": 3})", "atempts"},
           Case{"dead_list", R"({"limit": 0})", "'limit'"},
           Case{"dead_show", R"({"id": "42"})", "q1p5n42"},
           Case{"dead_remove", R"({"ids": []})", "at least one"},
           Case{"dead_remove", R"({"ids": [42]})", "'ids'"},
           Case{"status", R"({"verbose": true})", "verbose"},
       }) {
    CAPTURE(c.verb);
    CAPTURE(c.arguments);
    const auto error = refused(c.verb, c.arguments);
    CHECK(error.code == wire::ErrorCode::bad_arguments);
    CHECK_MESSAGE(error.text.find(c.says) != std::string::npos, error.text);
    CHECK(error.text.find(c.verb) == 0);
  }
}

TEST_CASE("bytes that are no JSON object are refused, however they look") {
  for (const std::string& arguments :
       {std::string("{"), std::string("[]"), std::string("null"), std::string("\xff\xff"),
        std::string(60000, '['), std::string("{\"queue\": \"\xC3\x28\"}")}) {
    CHECK(refused("dead_list", arguments).code == wire::ErrorCode::bad_arguments);
  }
}

TEST_CASE("arguments over 64 KiB are not even parsed") {
  const std::string arguments = "{\"queue\": \"" + std::string(arguments_bytes_max, 'a') + "\"}";
  CHECK(refused("dead_list", arguments).text.find("split") != std::string::npos);
}

}  // namespace
}  // namespace zcrew::router
