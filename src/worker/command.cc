#include "worker/command.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

#include "worker/child.h"
#include "worker/command_run.h"

namespace zcrew::worker {
namespace {

constexpr std::string_view own_variables[] = {"ZCREW_JOB_ID=", "ZCREW_ATTEMPT=", "ZCREW_QUEUE="};

std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    bool is_job = false;  // a worker that was started by a job
    for (const auto name : own_variables) is_job = is_job || variable.rfind(name, 0) == 0;
    if (!is_job) variables.emplace_back(variable);
  }
  return variables;
}

Program program_of(const std::vector<std::string>& argv) {
  auto program = find_program(argv);
  if (!program) throw Error(program.error(), exit_code::configuration);
  return *std::move(program);
}

// With SIGCHLD ignored, which a process may inherit, the kernel would throw exit codes away.
void keep_exit_codes() {
  struct sigaction action {};
  if (sigaction(SIGCHLD, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) return;
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &action, nullptr);
}

}  // namespace

std::optional<std::string> check_command(const std::vector<std::string>& argv) {
  const auto program = find_program(argv);
  if (program) return std::nullopt;
  return program.error();
}

CommandHandler::CommandHandler(CommandOptions options)
    : options_(std::move(options)),
      program_(program_of(options_.argv)),
      environment_(own_environment()),
      guardian_(std::make_shared<Guardian>()) {
  keep_exit_codes();
}

Answer CommandHandler::operator()(const Attempt& attempt) const {
  auto child = start_child(program_, options_.argv, environment_of(attempt), *guardian_);
  if (!child) return {JobOutcome::failed, child.error(), {}};
  return CommandRun(options_, attempt, std::move(*child), *guardian_).finish();
}

std::vector<std::string> CommandHandler::environment_of(const Attempt& attempt) const {
  std::vector<std::string> variables = environment_;
  variables.push_back("ZCREW_JOB_ID=" + attempt.id);
  variables.push_back("ZCREW_ATTEMPT=" + std::to_string(attempt.attempt));
  variables.push_back("ZCREW_QUEUE=" + attempt.queue);
  return variables;
}

}  // namespace zcrew::worker
