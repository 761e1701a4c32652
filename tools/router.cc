// zcrew router: owns the journal and hands out jobs until it is told to stop.
#include "zcrew/router.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "commands.h"
#include "log.h"
#include "signals.h"
#include "zcrew/error.h"

namespace zcrew::tool {

namespace {

int serve(const RouterOptions& options, const LogSettings& log) {
  start_log(log);
  ignore_file_size_signal();
  take_faults_as_damage(options.journal);
  Router router(options, log_line);
  const StopSignals signals([&router] { router.stop(); }, StopSignals::Second::calls_again);
  log_line(LogLevel::info, fmt::format("clients at {}, workers at {}, journal {}",
                                       router.frontend(), router.backend(), options.journal));
  return router.run();
}

void add_endpoints(CLI::App& command, RouterOptions& options) {
  command
      .add_option("--clients", options.clients, "Listen here for clients; port * takes a free one")
      ->type_name("ENDPOINT")
      ->capture_default_str();
  command.add_option("--workers", options.workers, "Listen here for workers")
      ->type_name("ENDPOINT")
      ->capture_default_str();
  command.add_flag("--insecure", options.insecure,
                   "Allow plain endpoints that other machines can reach");
}

void add_journal(CLI::App& command, RouterOptions& options) {
  command
      .add_option("--journal", options.journal,
                  "Directory of the journal, made if missing; :memory: keeps nothing")
      ->type_name("DIR")
      ->capture_default_str();
  add_size(command, "--journal-max", options.journal_max_bytes,
           "Bytes the journal may take on disk, at least 2M; 0 = as much as it has");
  add_size(command, "--journal-reserve", options.journal_reserve_bytes,
           "Bytes kept free so that held jobs can finish on a full disk");
  add_size(command, "--max-payload", options.payload_bytes_max,
           "Bytes of one payload or result, at most 64M")
      ->check(
          CLI::Range(std::uint64_t{1}, std::uint64_t{limits::payload_bytes_max}).description(""));
}

void add_times(CLI::App& command, RouterOptions& options) {
  add_duration(command, "--heartbeat", options.heartbeat, "Sign of life to and from every peer",
               {std::chrono::milliseconds{1}, std::chrono::hours{1}});
  command
      .add_option("--liveness", options.liveness,
                  "Heartbeats a peer may miss until it counts as dead")
      ->check(CLI::Range(1U, 1000U).description(""))
      ->transform(whole_number())
      ->type_name("N")
      ->capture_default_str();
  add_duration(command, "--guide-lease", options.guide_lease,
               "Longest run of a job at a Paranoid Pirate worker, which is silent meanwhile");
  add_duration(command, "--age-step", options.age_step,
               "Waiting this long makes a job one priority more urgent; 0 = never");
  add_duration(command, "--drain-limit", options.drain_limit,
               "SIGTERM lets held jobs finish for this long");
}

}  // namespace

void add_router(Tool& tool) {
  CLI::App* command = add_command(
      tool.app, "router", "Keep jobs in a journal and hand them to workers",
      "SIGTERM or SIGINT: no new jobs, let held ones finish within --drain-limit, exit; a second\n"
      "one: exit at once. SIGKILL at any moment is safe too.\n\n"
      "Example:\n  zcrew router --journal /var/lib/zcrew\n\n" +
          exit_codes({0, 2, 65, 73, 74, 78}));
  auto options = std::make_shared<RouterOptions>();
  add_endpoints(*command, *options);
  add_journal(*command, *options);
  add_times(*command, *options);
  command->callback(
      [&tool, options] { tool.action = [&tool, options] { return serve(*options, tool.log); }; });
}

}  // namespace zcrew::tool
