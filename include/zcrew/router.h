// The router as a library: what `zcrew router` runs.
//
// Threads: run() uses the calling thread and starts three more: one for commits, one for reads, and
// one that stands in for the calling thread while that writes a commit by itself. The log callback
// is called by the thread that runs run() or makes the Router, or by the one that stands in; never
// by two at once.
//
// Signals: the library installs no handler and ignores none. A program that may run under a limit
// of file size should ignore SIGXFSZ, so that the journal sees an error (74) instead; SIGPIPE never
// comes from here. run() raises the soft limit of open files to the hard one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "zcrew/error.h"
#include "zcrew/types.h"

namespace zcrew {

struct RouterOptions {
  std::string clients = default_frontend;  // port 0 or "*" takes a free port
  std::string workers = default_backend;
  std::string journal = "zcrew-journal";  // a directory, made if missing; ":memory:" keeps nothing
  std::uint64_t journal_max_bytes = 0;    // at least 2 MiB; 0 = as much as the disk has
  std::uint64_t journal_reserve_bytes = std::uint64_t{16} << 20U;  // kept for completions
  std::uint64_t payload_bytes_max = std::uint64_t{1} << 20U;       // at most 64 MiB
  std::chrono::milliseconds heartbeat{1000};                       // at most an hour
  unsigned liveness = 3;
  std::chrono::milliseconds guide_lease{30000};
  std::chrono::milliseconds age_step{60000};     // 0 = priorities do not age
  std::chrono::milliseconds drain_limit{10000};  // SIGTERM waits this long for held jobs
  bool insecure = false;                         // allows plain endpoints beyond loopback
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

class Router {
 public:
  // Binds and opens the journal. Throws Error with the exit code that fits: 65, 73, 74, or
  // 78 (options, endpoint, port in use, a journal of a newer format).
  Router(const RouterOptions& options, std::function<void(LogLevel, const std::string&)> log);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Where it really listens (after "port 0").
  [[nodiscard]] std::string frontend() const;
  [[nodiscard]] std::string backend() const;

  // Serves until stop(), once in a Router's life; returns the exit code: 0, or 65/74 when the
  // journal broke. What went wrong is in the log.
  int run();

  // First call: take no new jobs, let held ones finish within drain_limit, then return. Second
  // call: do not wait for them. What is known by then is in the journal when run() returns. Safe
  // from any thread and from a signal handler.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zcrew
