// Runs a command for each job: what `zcrew worker -- CMD ARGS` has for a handler.
//
// The payload is the command's stdin, its stdout the result. Exit code 0 means done, 100 rejected,
// 111 released, anything else failed with the last line of stderr. The environment has
// ZCREW_JOB_ID, ZCREW_ATTEMPT and ZCREW_QUEUE. A job whose command cannot be started is released:
// that is not its fault. A command and all it started in its process group end with the job: what
// still runs when the command itself has ended, or the worker was killed, is killed.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "worker/child.h"
#include "worker/program.h"
#include "zcrew/worker.h"

namespace zcrew::worker {

struct CommandOptions {
  std::vector<std::string> argv;
  // Lines of stderr, each with "JOB: " in front. Called from several threads at once.
  std::function<void(const std::string&)> log;
  // No command can be started; the line has cause and cure. Called once until one can be again,
  // from any thread; once for ever with `lasting`: it is the command itself, so every job would
  // meet it, and the worker had better end.
  std::function<void(const std::string& line, bool lasting)> trouble;
  std::size_t result_bytes_max = limits::payload_bytes_max;
  // Between SIGTERM and SIGKILL, when a time limit is over.
  std::chrono::milliseconds grace{5000};
};

// One line with cause and cure if the command cannot be started; for the time before connecting.
std::optional<std::string> check_command(const std::vector<std::string>& argv);

// A Worker's handler; may be called from any number of threads at once.
class CommandHandler {
 public:
  // Throws Error: 78 with check_command()'s text, 74 if no guardian can be started.
  explicit CommandHandler(CommandOptions options);

  Answer operator()(const Attempt& attempt) const;

 private:
  struct Shared;  // by all copies of a handler

  [[nodiscard]] Answer give_back(const Attempt& attempt, const StartFailure& failure) const;
  [[nodiscard]] std::vector<std::string> environment_of(const Attempt& attempt) const;

  CommandOptions options_;
  Program program_;
  std::vector<std::string> environment_;  // ours, as it was at the start
  std::shared_ptr<Shared> shared_;
};

}  // namespace zcrew::worker
