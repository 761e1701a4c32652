// The thread that reads the journal for the loop: pages of jobs, payloads, results, and whatever an
// admin command wants to look at (journal.md section 5). Requests are served in order.
//
// Threads: everything here is called by the loop thread, except the wake callback, which the reader
// thread calls when answers are there; it must only wake the loop. The destructor waits for the
// read under way and drops the others.
//
// Errors: the first one is final, reported once, and no later request is answered.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "journal/commit_thread.h"
#include "journal/journal.h"

namespace zcrew::journal {

class ReaderThread {
 public:
  // What a look does with the journal, over there; what it returns is called by the loop (see
  // Answers), or nothing is if it is empty.
  using Finish = std::function<void()>;
  using Look = std::function<Finish(Journal&)>;

  struct Answers {
    std::vector<core::Event> events;  // one per Read, in order
    std::vector<Finish> finishes;     // one per look that returned one, in order: call them
    std::optional<Failure> failure;
  };

  ReaderThread(Journal& journal, std::function<void()> wake);
  ~ReaderThread();
  ReaderThread(const ReaderThread&) = delete;
  ReaderThread& operator=(const ReaderThread&) = delete;

  void request(core::Read read);
  void look(Look look);

  // What is ready since the last call; never blocks on a read.
  Answers poll();

 private:
  using Request = std::variant<core::Read, Look>;

  void run();
  void enqueue(Request request);
  void serve(Request& request);

  Journal& journal_;
  const std::function<void()> wake_;

  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Request> requests_;
  Answers answers_;
  bool stop_ = false;

  std::thread thread_;
};

}  // namespace zcrew::journal
