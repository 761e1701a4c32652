// zcrew worker: takes jobs and runs a command for each.
#include "zcrew/worker.h"

#include <fmt/format.h>

#include <atomic>
#include <optional>

#include "base/limits.h"
#include "commands.h"
#include "log.h"
#include "signals.h"
#include "table.h"
#include "worker/command.h"
#include "zcrew/error.h"

namespace zcrew::tool {

namespace {

struct WorkOptions {
  WorkerOptions worker;
  std::vector<std::string> command;
  std::chrono::milliseconds linger{10000};
  std::chrono::milliseconds grace{5000};
};

LogLevel level_of(WorkerEvent::Kind kind) {
  const bool trouble =
      kind == WorkerEvent::Kind::disconnected || kind == WorkerEvent::Kind::refused;
  return trouble ? LogLevel::warning : LogLevel::info;
}

int work(const WorkOptions& options, const LogSettings& log) {
  if (options.command.empty()) {
    throw Error("name the command to run for each job: zcrew worker [flags] -- COMMAND ARGS.",
                exit_code::usage);
  }
  start_log(log);
  worker::CommandOptions command;
  command.argv = options.command;
  command.log = [](const std::string& line) { log_line(LogLevel::info, printable(line)); };
  command.grace = options.grace;
  std::optional<Worker> worker;
  std::atomic<bool> useless{false};
  command.trouble = [&](const std::string& line, bool lasting) {
    if (!lasting) return log_line(LogLevel::warning, line + ". Jobs are given back meanwhile");
    log_line(LogLevel::error, line + ". Jobs are given back, and this worker ends");
    useless = true;
    worker->drain();
  };
  worker.emplace(options.worker, worker::CommandHandler(std::move(command)),
                 [](const WorkerEvent& event) { log_line(level_of(event.kind), event.text); });
  worker->set_linger(options.linger);
  const StopSignals signals([&worker] { worker->stop(); }, StopSignals::Second::calls_again);
  const bool settled = worker->run();
  if (settled) return useless ? exit_code::configuration : exit_code::ok;
  throw Error(
      fmt::format("the router at {} was not there to take the last outcomes: those jobs will "
                  "run again. Give it longer with --linger.",
                  options.worker.router),
      useless ? exit_code::configuration : exit_code::unreachable);
}

void add_capacity(CLI::App& command, WorkerOptions& worker) {
  command.add_option("--weight", worker.weight, "Share of the jobs beside other workers; 0 = none")
      ->check(CLI::Range(0U, static_cast<unsigned>(limits::weight_max)).description(""))
      ->transform(whole_number())
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--concurrency", worker.concurrency, "Jobs at once; 0 = as many as the weight")
      ->check(CLI::Range(0U, static_cast<unsigned>(limits::concurrency_max)).description(""))
      ->transform(whole_number())
      ->type_name("N")
      ->capture_default_str();
}

}  // namespace

void add_worker(Tool& tool) {
  CLI::App* command = add_command(
      tool.app, "worker", "Run a command for each job",
      "The payload is the command's stdin, its stdout the result. Exit 0 = done, 100 = rejected "
      "(a\n"
      "dead letter at once), 111 = released (given back uncounted), any other = failed (tried\n"
      "again). Its environment has ZCREW_JOB_ID, ZCREW_ATTEMPT and ZCREW_QUEUE; its stderr goes "
      "to\n"
      "the log. If it cannot be started any more, jobs are given back and the worker ends with "
      "78.\n"
      "SIGTERM or SIGINT: finish what runs, give back the rest, exit; a second one: at "
      "once.\n\n"
      "Example:\n  zcrew worker --name anna --weight 4 --queue thumbs -- convert - -resize 200 "
      "jpg:-"
      "\n\n" +
          exit_codes({0, 2, 69, 78}));
  auto options = std::make_shared<WorkOptions>();
  WorkerOptions& worker = options->worker;
  command->add_option("COMMAND", options->command, "Command and arguments, behind --");
  command->add_option("--router", worker.router, "Where the router listens for workers")
      ->type_name("ENDPOINT")
      ->capture_default_str();
  command->add_option("--name", worker.name, "For people (default host/pid)")->type_name("NAME");
  command->add_option("--queue", worker.queues, "Serve this queue; may be given several times")
      ->type_name("QUEUE")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("default");
  add_capacity(*command, worker);
  add_duration(*command, "--linger", options->linger,
               "How long the end waits for the router to have every outcome");
  add_duration(*command, "--grace", options->grace,
               "From SIGTERM to SIGKILL for a command whose time limit is over");
  command->callback(
      [&tool, options] { tool.action = [&tool, options] { return work(*options, tool.log); }; });
}

}  // namespace zcrew::tool
