// zcrew submit: one job per argument, line or file.
#include <unistd.h>

#include <algorithm>

#include "base/limits.h"
#include "commands.h"
#include "submission.h"
#include "zcrew/error.h"

namespace zcrew::tool {

namespace {

struct SubmitOptions {
  SubmitSettings settings;
  std::vector<std::string> arguments;
  std::string lines;
  std::vector<std::string> files;
};

std::unique_ptr<Source> open_source(const SubmitOptions& options, Complaints& complaints) {
  const int given = (options.arguments.empty() ? 0 : 1) + (options.lines.empty() ? 0 : 1) +
                    (options.files.empty() ? 0 : 1);
  if (given > 1) {
    throw Error("name jobs in one way: as arguments, with --lines or with --files.",
                exit_code::usage);
  }
  if (!options.arguments.empty()) return from_arguments(options.arguments);
  if (!options.lines.empty()) return from_lines(options.lines);
  if (!options.files.empty()) {
    return from_files(options.files,
                      [&complaints](const SkippedFile& file) { complaints.add_skipped(file); });
  }
  throw Error(
      "nothing to submit. Name jobs as arguments, with --lines FILE (- is standard input), or with "
      "--files PATH….",
      exit_code::usage);
}

int submit(SubmitOptions options) {
  SubmitSettings& settings = options.settings;
  if (settings.wait_limit.count() > 0 && !settings.report.wait) {
    throw Error("--wait-limit bounds --wait: give both.", exit_code::usage);
  }
  if (settings.report.ids && settings.report.wait) {
    throw Error("--ids prints ids, --wait results (--wait --json has both): give one of them.",
                exit_code::usage);
  }
  settings.job.wants_result = settings.report.wait;
  Complaints complaints;
  const auto source = open_source(options, complaints);
  return Submission(settings, *source, complaints).run();
}

std::string check_queue_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= limits::name_bytes_max;
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  return fits && good ? std::string{}
                      : name + " is no queue's name: 1 to 128 letters, digits, '.', '_' or '-'";
}

void add_sources(CLI::App& command, SubmitOptions& options) {
  command.add_option("ARG", options.arguments, "One job each, with this payload");
  command.add_option("--lines", options.lines, "One job a line of this file; - is standard input")
      ->type_name("FILE");
  command.add_option("--files", options.files, "One job a file, with its content as payload")
      ->type_name("PATH");
}

void add_job_options(CLI::App& command, Job& job) {
  command.add_option("--queue", job.queue, "Queue, made by its first job")
      ->type_name("QUEUE")
      ->check(CLI::Validator(check_queue_name, ""))
      ->capture_default_str();
  command.add_option("--priority", job.priority, "0 (most urgent) to 9")
      ->check(CLI::Range(0U, 9U).description(""))
      ->transform(whole_number())
      ->type_name("0-9")
      ->capture_default_str();
  add_duration(command, "--delay", job.delay, "Start no sooner than this");
  command
      .add_option("--attempts", job.attempts,
                  "Failed attempts until it is a dead letter; 0 = the queue's setting")
      ->check(CLI::Range(0U, static_cast<unsigned>(limits::attempts_max)).description(""))
      ->transform(whole_number())
      ->type_name("N")
      ->capture_default_str();
  add_duration(command, "--backoff", job.backoff,
               "Wait after the first failure, doubled each time; 0 = the queue's setting");
  add_duration(command, "--time-limit", job.time_limit,
               "An attempt may run this long; 0 = for ever");
  add_duration(command, "--expires", job.expires,
               "Do not start later than this; 0 = never expires");
}

void add_result_options(CLI::App& command, SubmitSettings& settings) {
  CLI::Option* wait =
      command.add_flag("--wait", settings.report.wait, "Print each job's result as it comes");
  command
      .add_flag("--ordered", settings.report.ordered, "Print results in the order of submission")
      ->needs(wait);
  add_duration(command, "--wait-limit", settings.wait_limit,
               "Stop waiting after this, however many results have come; 0 = wait for all");
  command.add_flag("--json", settings.report.json,
                   "Print one JSON object a line: results with --wait, else ids");
  command.add_flag("--ids", settings.report.ids,
                   "Print each job's id once it is confirmed; not with --wait");
  command.add_flag("-q,--quiet", settings.quiet, "No progress and no summary on stderr");
}

}  // namespace

void add_submit(Tool& tool) {
  CLI::App* command = add_command(
      tool.app, "submit", "Submit jobs, and wait for their results if asked to",
      "Confirmed jobs are safe on the router's disk. Over a router's restart the command goes on\n"
      "trying and resends what is unconfirmed; no job is accepted twice. The `code` of a refused\n"
      "job in --json: 205 payload too large, 206 queue's name, 207 and 208 an option.\n\n"
      "Examples:\n"
      "  zcrew submit --wait --ordered hello world\n"
      "  find /usr/include -name '*.h' | zcrew submit --lines -\n"
      "  zcrew submit --queue thumbs --files *.jpg\n\n" +
          exit_codes({0, 1, 2, 69, 74, 75, 77, 78, 124, 130}));
  auto options = std::make_shared<SubmitOptions>();
  options->settings.link.timeout = std::chrono::seconds{30};
  add_sources(*command, *options);
  add_job_options(*command, options->settings.job);
  add_result_options(*command, options->settings);
  add_router_link(*command, options->settings.link);
  command->callback([&tool, options] { tool.action = [options] { return submit(*options); }; });
}

}  // namespace zcrew::tool
