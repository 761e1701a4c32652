// What a client's users want, on its way to the driver: jobs, questions, the end.
//
// Any thread may put; whoever makes the driver's turn takes. Everything waits behind one mutex that
// is held for moves and swaps and a look at a job's options, and the driver's thread is woken only
// when nobody is at it, so that under load a job costs no system call. Of a job with the options of
// the one before only the payload goes to the driver: what one thread wrote costs another a wait
// for memory.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/job_options.h"
#include "client/ledger.h"
#include "net/socket.h"
#include "zcrew/client.h"

namespace zcrew::client {

struct Question {
  std::uint64_t number = 0;
  std::string verb;
  std::string arguments;
};

class Inbox {
 public:
  // There is no room before the first settle().
  explicit Inbox(net::Wakeup& wakeup) : wakeup_(wakeup) {}

  // ---- users ----
  struct Put {
    Client::Tickets tickets;
    std::size_t unconfirmed = 0;  // with these
    bool nobody_looks = false;    // until the caller sees to it, or something else is put
  };
  // Moves jobs from the front of `jobs` in, as many as the window has room for; waits up to
  // `patience` for the first. A job larger than the window goes when nothing else is unconfirmed.
  Put put(std::span<Job> jobs, std::chrono::milliseconds patience);
  void put(Question question);
  // Nobody waits for this answer any more.
  void withdraw(std::uint64_t question);
  // No more will come; what is not taken yet is given up.
  void close();
  [[nodiscard]] std::size_t unconfirmed() const;
  // True once there are none.
  bool wait_confirmed(std::chrono::milliseconds patience);

  // ---- the driver ----
  struct Contents {
    std::vector<std::string> payloads;
    std::vector<OptionsRun> runs;  // that begin with one of these jobs
    std::vector<Question> questions;
    std::vector<std::uint64_t> withdrawn;
    bool closed = false;
  };
  // Swaps what waits into `contents`, which must be empty; its vectors' memory is used again.
  void take(Contents& contents);
  // False if something waits. True: from now on whoever puts something sees to it that somebody
  // takes it.
  [[nodiscard]] bool may_sleep();
  // These jobs are not unconfirmed any more, and so many may be.
  void settle(std::size_t jobs, std::uint64_t bytes, Room window);

 private:
  [[nodiscard]] bool has_room(const Job& job) const;
  // Of the job put last; nullptr before the first.
  [[nodiscard]] const JobOptions* last_options() const;
  void wake(std::unique_lock<std::mutex>& lock);

  net::Wakeup& wakeup_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  // Protected by mutex_:
  Contents waiting_;
  Ticket next_ticket_ = 1;
  std::optional<JobOptions> taken_options_;  // of the last job taken
  Room unconfirmed_;
  Room window_;
  unsigned blocked_ = 0;  // users that wait for room, or for the last confirm
  bool asleep_ = false;
  bool close_taken_ = false;
};

}  // namespace zcrew::client
