// A worker: takes jobs, runs a handler on several at once, and reports what became of each.
//
// Threads: the handler is called by up to `concurrency` threads at a time and must be ready for
// that. One that has nothing to run takes its next job from the socket itself; the thread of run()
// sees to heartbeats and messages meanwhile, so that a handler may block for days. Where jobs wait
// here already, an outcome goes out within a millisecond; those of quick jobs go together.
//
// Safety: outcomes are kept until the router says they are safe. Over a router crash or a lost
// connection the worker goes on running, reconnects by itself and reports what it holds; nothing it
// finished is run again, nothing it runs is started again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "zcrew/error.h"
#include "zcrew/types.h"

namespace zcrew {

struct WorkerOptions {
  std::string router = default_backend;
  std::string name;  // default host/pid
  std::vector<std::string> queues = {"default"};
  unsigned weight = 1;       // share of the jobs beside other workers; 0 = no new jobs
  unsigned concurrency = 0;  // jobs at once; 0 = as many as the weight
};

struct Attempt {
  std::string id;
  std::string queue;
  unsigned attempt = 1;
  std::string_view payload;                 // valid during the call
  std::chrono::milliseconds time_limit{0};  // 0 = none; the handler enforces it
  // True once the attempt has been taken away (the router gave the job to another worker): the
  // outcome will be ignored, so stop if that is easy. May be called from the handler's thread.
  std::function<bool()> abandoned;
};

struct Answer {
  JobOutcome outcome = JobOutcome::done;
  std::string bytes;  // the result, or the error's text
  // failed: retry after this, 0 = the queue's policy. released: hand out again after this, 0 = at
  // once, so that a handler which always releases runs in a tight loop.
  std::chrono::milliseconds delay{0};
};

using Handler = std::function<Answer(const Attempt&)>;

struct WorkerEvent {  // for logs
  enum class Kind : std::uint8_t { connected, disconnected, refused, draining, stopped } kind;
  std::string text;  // a whole sentence
};

class Worker {
 public:
  // Throws Error: 78 for options out of range, 74 if too few descriptors are free. No handler runs
  // before run(), whose thread is the one that calls `log`. ZeroMQ's threads are there from now on,
  // so fork() comes before.
  Worker(WorkerOptions options, Handler handler, std::function<void(const WorkerEvent&)> log = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Serves until stop(): then finishes what runs, gives the rest back uncounted, waits (bounded by
  // `linger`) for the router to have it all, and returns. Returns false if something stayed
  // unsettled. Once in a Worker's life. Throws Error (74) if no thread can be started for a job.
  bool run();

  // Safe from any thread and from a signal handler. A second call tells the handlers to stop
  // (Attempt::abandoned); what then fails counts as given back, and `linger` is at most a second.
  void stop();
  // As the first stop(), for a reason of the program's own: the stop() after it is still a first.
  void drain();
  void set_linger(std::chrono::milliseconds linger);  // default 10 s

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zcrew
