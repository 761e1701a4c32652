#include "worker/command.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "net/clock.h"
#include "worker/command_run.h"
#include "worker/guardian.h"

namespace zcrew::worker {
namespace {

constexpr std::string_view own_variables[] = {"ZCREW_JOB_ID=", "ZCREW_ATTEMPT=", "ZCREW_QUEUE="};

// What the moment refuses it may allow a little later. Until then this place runs no other job
// either: an idle pool would hand them out thousands of times a second.
constexpr Duration start_wait = std::chrono::seconds{1};
constexpr std::chrono::milliseconds rest_step{50};

void rest(const Attempt& attempt) {
  const Instant until = net::read_monotonic() + start_wait;
  while (net::read_monotonic() < until && !(attempt.abandoned && attempt.abandoned())) {
    std::this_thread::sleep_for(rest_step);
  }
}

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

// With SIGCHLD ignored, which a process may inherit, the kernel would throw exit codes away.
void keep_exit_codes() {
  struct sigaction action {};
  if (sigaction(SIGCHLD, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) return;
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &action, nullptr);
}

Program program_of(const std::vector<std::string>& argv) {
  keep_exit_codes();
  auto program = find_program(argv);
  if (!program) throw Error(program.error(), exit_code::configuration);
  return *std::move(program);
}

}  // namespace

std::optional<std::string> check_command(const std::vector<std::string>& argv) {
  const auto program = find_program(argv);
  if (program) return std::nullopt;
  return program.error();
}

struct CommandHandler::Shared {
  Guardian guardian;
  std::atomic<bool> passing_told{false};
  std::atomic<bool> lasting_told{false};
};

CommandHandler::CommandHandler(CommandOptions options)
    : options_(std::move(options)),
      program_(program_of(options_.argv)),
      environment_(own_environment()),
      shared_(std::make_shared<Shared>()) {}

Answer CommandHandler::operator()(const Attempt& attempt) const {
  const Guardian& guardian = shared_->guardian;
  auto child = start_child(program_, options_.argv, environment_of(attempt), guardian);
  if (!child) return give_back(attempt, child.error());
  // Read first, because threads that start commands all the time would fight over a write.
  if (shared_->passing_told.load(std::memory_order_relaxed)) shared_->passing_told = false;
  return CommandRun(options_, attempt, std::move(*child), guardian).finish();
}

Answer CommandHandler::give_back(const Attempt& attempt, const StartFailure& failure) const {
  std::atomic<bool>& told = failure.lasting ? shared_->lasting_told : shared_->passing_told;
  if (!told.exchange(true) && options_.trouble) options_.trouble(failure.text, failure.lasting);
  if (!failure.lasting) rest(attempt);
  return {JobOutcome::released, {}, {}};
}

std::vector<std::string> CommandHandler::environment_of(const Attempt& attempt) const {
  std::vector<std::string> variables = environment_;
  variables.push_back("ZCREW_JOB_ID=" + attempt.id);
  variables.push_back("ZCREW_ATTEMPT=" + std::to_string(attempt.attempt));
  variables.push_back("ZCREW_QUEUE=" + attempt.queue);
  return variables;
}

}  // namespace zcrew::worker
