// zcrew set: a worker's weight, a queue's policy and limits, changed while everything runs.
#include <fmt/format.h>

#include "admin.h"
#include "base/limits.h"
#include "commands.h"
#include "output.h"

namespace zcrew::tool {

namespace {

struct SetOptions {
  std::string name;  // of the worker or queue
  unsigned weight = 0;
  std::string policy;
};

// Settings of a queue: only those given are sent.
struct QueueOptions {
  std::string name;
  Json changes = Json::object();
};

// The router counts what it changed; none means the name was wrong.
int change(const AdminOptions& shared, const std::string& verb, const Json& arguments,
           const std::string& what) {
  Admin admin(shared.link);
  const std::string text = admin.ask_text(verb, arguments);
  const Json reply = Json::parse(text, nullptr, false);
  const auto count = reply.is_object() ? reply.value("count", std::uint64_t{0}) : 0;
  Output out;
  std::string note = count > 1 ? fmt::format(" ({} of that name)", count) : "";
  // It may be a slip, or be meant for jobs to come.
  if (reply.is_object() && reply.value("new", false)) note = ", which is new";
  out.write(shared.json ? text + "\n" : fmt::format("changed: {}{}\n", what, note));
  out.flush();
  if (count > 0) return exit_code::ok;
  throw Error(what + " is not known to the router. See `zcrew workers` and `zcrew queues`.",
              exit_code::refused);
}

void add_weight(Tool& tool, CLI::App& parent, const std::shared_ptr<AdminOptions>& shared) {
  CLI::App* command = add_command(
      parent, "weight", "Change a worker's weight; 0 gives it no new jobs",
      "Example:\n  zcrew set weight anna 4\n\nA worker without --concurrency then runs that many "
      "jobs at once.\n" +
          exit_codes({0, 2, 69, 77, 78}));
  auto options = std::make_shared<SetOptions>();
  command->add_option("WORKER", options->name, "Name (or instance) as in `zcrew workers`")
      ->required();
  command->add_option("WEIGHT", options->weight, "Share of the jobs, 0 to 10000")
      ->required()
      ->check(CLI::Range(0U, static_cast<unsigned>(limits::weight_max)))
      ->transform(whole_number());
  command->callback([&tool, shared, options] {
    tool.action = [shared, options] {
      return change(*shared, "set_weight", {{"worker", options->name}, {"weight", options->weight}},
                    fmt::format("worker {}", options->name));
    };
  });
}

void add_policy(Tool& tool, CLI::App& parent, const std::shared_ptr<AdminOptions>& shared) {
  CLI::App* command = add_command(
      parent, "policy", "Change how a queue chooses among its workers; an unknown queue is made",
      "Example:\n  zcrew set policy default least-loaded\n\n" + exit_codes({0, 2, 69, 77, 78}));
  auto options = std::make_shared<SetOptions>();
  command->add_option("QUEUE", options->name, "Name as in `zcrew queues`")->required();
  command
      ->add_option("POLICY", options->policy,
                   "weighted, round-robin, random, least-loaded or adaptive")
      ->required()
      ->check(CLI::IsMember({"weighted", "round-robin", "random", "least-loaded", "adaptive"}));
  command->callback([&tool, shared, options] {
    tool.action = [shared, options] {
      return change(*shared, "set_policy", {{"queue", options->name}, {"policy", options->policy}},
                    fmt::format("queue {}", options->name));
    };
  });
}

// NOLINTNEXTLINE(readability-function-size): one row of a table
void add_setting(CLI::App& app, QueueOptions& options, const std::string& flag, const char* key,
                 std::uint64_t lowest, std::uint64_t highest, const std::string& description) {
  app.add_option_function<std::uint64_t>(
         flag, [&options, key](const std::uint64_t& value) { options.changes[key] = value; },
         description)
      ->check(CLI::Range(lowest, highest).description(""))
      ->transform(whole_number())
      ->type_name("N");
}

void add_wait(CLI::App& app, QueueOptions& options, const std::string& flag, const char* key,
              const std::string& description) {
  add_duration(
      app, flag,
      [&options, key](std::chrono::milliseconds wait) { options.changes[key] = wait.count(); },
      description);
}

void add_queue_settings(CLI::App& app, QueueOptions& options) {
  constexpr std::uint64_t many = std::uint64_t{1} << 62U;
  add_setting(app, options, "--weight", "weight", 1, limits::weight_max, "Its turn among queues");
  add_setting(app, options, "--max-ready", "max_ready", 0, many,
              "Jobs that may wait; more are refused; 0 = no limit");
  add_setting(app, options, "--max-held", "max_held", 0, UINT32_MAX,
              "Jobs out at workers at once; 0 = no limit");
  add_setting(app, options, "--attempts", "attempts", 1, limits::attempts_max,
              "Failed attempts until a job is a dead letter");
  add_setting(app, options, "--crash-limit", "crash_limit", 1, limits::attempts_max,
              "Workers that may die with a job until it is a dead letter");
  add_wait(app, options, "--backoff", "backoff_ms",
           "Wait after the first failure; doubles each time");
  add_wait(app, options, "--backoff-max", "backoff_max_ms", "Longest wait after a failure");
  app.add_option_function<std::string>(
         "--paused", [&options](const std::string& v) { options.changes["paused"] = v == "on"; },
         "Hand out nothing, or go on")
      ->check(CLI::IsMember({"on", "off"}).description(""))
      ->type_name("on|off");
}

void add_queue(Tool& tool, CLI::App& parent, const std::shared_ptr<AdminOptions>& shared) {
  CLI::App* command = add_command(
      parent, "queue", "Change a queue's limits, retries or pause it; an unknown queue is made",
      "Example:\n  zcrew set queue mail --max-ready 100000 --attempts 8\n\n" +
          exit_codes({0, 2, 69, 77, 78}));
  auto options = std::make_shared<QueueOptions>();
  command->add_option("QUEUE", options->name, "Name as in `zcrew queues`")->required();
  add_queue_settings(*command, *options);
  command->callback([&tool, shared, options] {
    tool.action = [shared, options] {
      if (options->changes.empty()) {
        throw Error("nothing to change. Name a setting; see zcrew set queue --help.",
                    exit_code::usage);
      }
      Json arguments = options->changes;
      arguments["queue"] = options->name;
      return change(*shared, "set_queue", arguments, fmt::format("queue {}", options->name));
    };
  });
}

}  // namespace

void add_set(Tool& tool) {
  CLI::App* command = add_command(tool.app, "set", "Change weights, policies and queue settings",
                                  "Example:\n  zcrew set weight anna 4");
  command->require_subcommand(1);
  auto shared = std::make_shared<AdminOptions>();
  add_router_link(*command, shared->link);
  command->add_flag("--json", shared->json, "Print the router's JSON document");
  add_weight(tool, *command, shared);
  add_policy(tool, *command, shared);
  add_queue(tool, *command, shared);
}

}  // namespace zcrew::tool
