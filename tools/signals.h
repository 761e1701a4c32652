// SIGINT and SIGTERM as a call. The first one asks for a tidy end; what a second one does is up to
// the command.
#pragma once

#include <functional>
#include <string>

namespace zcrew::tool {

// A pipe whose reader has gone is an error of write(), not the end of the process.
void ignore_broken_pipes();

// A file at its size limit (ulimit -f) is an error of write(), not the end of the process.
void ignore_file_size_signal();

// A memory fault inside LMDB means that the journal's pages are damaged: one line and exit code 65
// instead of a signal. Other faults stay what they are.
void take_faults_as_damage(const std::string& journal);

// Ends the process the way a broken pipe does for programs that do not care: quietly.
[[noreturn]] void end_by_broken_pipe();

// While it lives, SIGINT and SIGTERM call `on_stop` from the signal handler (so it may only do what
// is safe there). One at a time in a process.
class StopSignals {
 public:
  enum class Second { calls_again, kills };
  StopSignals(std::function<void()> on_stop, Second second);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
};

}  // namespace zcrew::tool
