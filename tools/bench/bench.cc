// zcrew bench: how fast a router is on this machine, and that it loses nothing.
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include <atomic>
#include <cstdlib>

#include "bench/report.h"
#include "bench/run.h"
#include "commands.h"
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "zcrew/error.h"

namespace zcrew::tool {

namespace {

using bench::Plan;
using bench::Service;

struct Options {
  Plan plan;
  bool json = false;
};

// A disk in memory syncs for nothing, and its figures would mean nothing.
void check_disk(const std::string& directory) {
  struct statfs disk {};
  if (::statfs(directory.c_str(), &disk) != 0) {
    throw Error(fmt::format("{} is no directory: choose one with --directory", directory),
                exit_code::configuration);
  }
  if (disk.f_type == TMPFS_MAGIC || disk.f_type == RAMFS_MAGIC) {
    throw Error(
        fmt::format("{} is in memory, not on a disk: choose another with --directory", directory),
        exit_code::configuration);
  }
}

void check_plan(const Plan& plan) {
  if (plan.clients.empty() != plan.backend.empty()) {
    throw Error("a given router needs both --router and --router-workers", exit_code::usage);
  }
  if (plan.all_jobs() == 0) throw Error("there is nothing to do: --jobs is 0", exit_code::usage);
  if (plan.jobs == 0 && plan.workers == 0) {
    throw Error("a backlog alone needs workers to take it; use --jobs", exit_code::usage);
  }
  check_disk(plan.directory);
}

int measure(const Options& options) {
  check_plan(options.plan);
  static std::atomic<bool> interrupted{false};
  const StopSignals signals([] { interrupted = true; }, StopSignals::Second::kills);
  Progress progress(true);
  const bench::Result result = bench::run(options.plan, [&](double share, const std::string& text) {
    progress.draw(share, text);
    return !interrupted;
  });
  progress.clear();
  Output out;
  out.write(options.json ? bench::to_json(options.plan, result).dump() + "\n"
                         : bench::to_text(options.plan, result));
  out.flush();
  return result.lost == 0 ? exit_code::ok : exit_code::job_failed;
}

template <typename Number>
CLI::Option* add_number(CLI::App& command, const char* name, Number& value, const char* what,
                        std::uint64_t least, std::uint64_t most) {
  return command.add_option(name, value, what)
      ->check(CLI::Range(least, most).description(""))
      ->transform(whole_number())
      ->type_name("N")
      ->capture_default_str();
}

void add_load(CLI::App& command, Plan& plan) {
  constexpr std::uint64_t jobs_max = 1000000000;
  add_number(command, "--jobs", plan.jobs, "Jobs to run", 0, jobs_max);
  add_number(command, "--backlog", plan.backlog,
             "Jobs that wait before the workers start, and are kept waiting while --jobs run", 0,
             jobs_max);
  add_number(command, "--producers", plan.producers, "Processes that submit", 1,
             bench::players_max);
  add_number(command, "--workers", plan.workers, "Processes that work; 0 = jobs only wait", 0,
             bench::players_max);
  add_number(command, "--idle-workers", plan.idle_workers,
             "Workers beside these that are connected and get no jobs", 0, 100000);
  add_size(command, "--size", plan.payload_bytes, "Bytes of a payload, at least 16")
      ->check(CLI::Range(std::uint64_t{16}, std::uint64_t{64} << 20U).description(""));
  add_number(command, "--in-flight", plan.in_flight,
             "Jobs not both confirmed and done at a time, of all producers", 1, jobs_max);
  add_number(command, "--pack", plan.pack, "Jobs a submit call hands over", 1, 16384);
  command
      .add_option("--rate", plan.rate,
                  "Jobs a second by the clock, whatever the router does; 0 = as --in-flight allows")
      ->check(CLI::Range(0.0, 1e9).description(""))
      ->type_name("N")
      ->capture_default_str();
  add_number(command, "--queues", plan.queues, "Queues that the jobs go round", 1, 1024);
}

void add_work(CLI::App& command, Plan& plan) {
  add_number(command, "--concurrency", plan.concurrency, "Jobs at once at a worker", 0, 65536);
  command
      .add_option_function<double>(
          "--service-us",
          [&plan](double us) {
            plan.service = std::chrono::nanoseconds(static_cast<std::int64_t>(us * 1000));
          },
          "A job's mean time at a worker, in microseconds; 0 = none")
      ->check(CLI::Range(0.0, 1e9).description(""))
      ->type_name("N");
  const std::map<std::string, Service> spreads{
      {"fixed", Service::fixed}, {"exponential", Service::exponential}, {"mixed", Service::mixed}};
  command
      .add_option("--spread", plan.spread, "How service times differ; mixed: one in ten is long")
      ->transform(CLI::CheckedTransformer(spreads, CLI::ignore_case).description(""))
      ->type_name("fixed|exponential|mixed")
      ->default_str("fixed");
  command.add_option("--speeds", plan.speeds, "Of the workers in turn: 2 works twice as fast")
      ->delimiter(',')
      ->check(CLI::Range(0.001, 1000.0).description(""))
      ->type_name("N,…");
  command.add_option("--weights", plan.weights, "Of the workers in turn")
      ->delimiter(',')
      ->transform(whole_number())
      ->type_name("N,…");
  add_duration(command, "--delay", plan.delay, "Jobs start no sooner than this",
               {std::chrono::milliseconds{0}, std::chrono::hours{24}});
  command.add_flag("--reject", plan.reject, "Workers reject the jobs, which makes dead letters");
  command.add_option("--policy", plan.policy, "Of the benchmark's queues")->type_name("POLICY");
}

void add_place(CLI::App& command, Plan& plan) {
  const char* temporary = std::getenv("TMPDIR");
  plan.directory = temporary != nullptr ? temporary : "/var/tmp";
  command
      .add_option("--directory", plan.directory,
                  "Where the temporary router's journal is made: on the disk that matters")
      ->type_name("DIR")
      ->capture_default_str();
  command.add_option("--router", plan.clients, "Measure a running router: its clients' endpoint")
      ->type_name("ENDPOINT");
  command.add_option("--router-workers", plan.backend, "Its workers' endpoint")
      ->type_name("ENDPOINT");
  add_duration(command, "--patience", plan.patience, "Give up when nothing moves for this long",
               {std::chrono::seconds{1}, std::chrono::hours{1}});
  command.add_flag("--limits", plan.limits,
                   "Also measure what ZeroMQ and LMDB alone reach with the same jobs");
  command.add_option("--owners", plan.owners, "Write here which worker ran each job, one a line")
      ->type_name("FILE");
}

}  // namespace

void add_bench(Tool& tool) {
  CLI::App* command = add_command(
      tool.app, "bench", "Measure throughput and latency",
      "Makes a temporary router with a journal on disk, producers and workers, each a process of\n"
      "its own, runs the jobs, and counts: times from the intended sending to the confirm and to "
      "the\n"
      "worker, what the router used, and that no job was lost. Exits 1 if one was.\n\n"
      "Example:\n  zcrew bench --producers 2 --workers 4 --limits\n\n" +
          exit_codes({0, 1, 2, 69, 74, 78}));
  auto options = std::make_shared<Options>();
  add_load(*command, options->plan);
  add_work(*command, options->plan);
  add_place(*command, options->plan);
  command->add_flag("--json", options->json, "Print a JSON document");
  command->callback([&tool, options] { tool.action = [options] { return measure(*options); }; });
}

}  // namespace zcrew::tool
