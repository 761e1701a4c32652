// Runs a worker's handler on several threads at once.
//
// Threads: any thread may call the methods, the handler is called by threads of the executor. They
// are made when there is work for them, up to the concurrency. One lock is taken once a job, or
// once for some that take no longer than the lock itself (worker/claim.h). One of those that have
// nothing to run is on the lookout: it waits where the next job arrives, to take it without being
// woken by another thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "net/alarm.h"
#include "net/socket.h"
#include "net/watch.h"
#include "worker/claim.h"
#include "worker/session.h"
#include "zcrew/worker.h"

namespace zcrew::worker {

class Executor {
 public:
  // `look` takes what has finished and starts what has arrived; it is called by a thread that has
  // nothing to run, behind a job and when something in `lookout` is readable, and says false if
  // another thread is at that and will look once more.
  //
  // `glance` does the same for a thread that goes on with the next job, twice a millisecond while
  // jobs are quick. `alarm` is for what has finished where one is not: who waits for it takes that.
  Executor(Handler handler, net::Alarm& alarm, net::Watch& lookout, std::function<bool()> look,
           std::function<void()> glance);
  // Waits for the handlers that run; what has not begun is dropped.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void set_concurrency(std::uint32_t concurrency);

  // To be begun in this order; it has them until they come back by one of the next two.
  void start(std::span<HeldJob* const> jobs);

  // Moves what has finished since the last call into `jobs`, which must be empty.
  void take_finished(std::vector<HeldJob*>& jobs);

  // Those of them that have not begun; they will not.
  std::vector<HeldJob*> take_unstarted(std::span<HeldJob* const> jobs);

  // Tells the handlers of those that run.
  void abandon(std::span<HeldJob* const> jobs);

  // Tells all handlers that run to come to an end. What then fails counts as given back.
  void hurry();

 private:
  struct Place {
    Claim claim;
    std::atomic<const HeldJob*> abandoned{nullptr};
    Duration job_time = Duration::max();  // of its last jobs; under the lock
    // Its own thread's:
    const HeldJob* job = nullptr;  // that it runs
    JobId spelled;                 // the last one in Attempt::id
    Instant free_at{};             // when it began to be free
    std::thread thread;
  };

  using Guard = std::unique_lock<std::mutex>;

  void serve(Place& place);
  void attempt(Place& place, HeldJob& job, Attempt& told);
  // Under the lock, which they may leave for a while:
  void wait_for_work(Guard& guard);
  bool look_out(Guard& guard);
  bool look(Guard& guard);
  void run_some(Place& place, Attempt& told, Guard& guard);
  void go_on(Place& place, Duration took, Guard& guard);
  // Under the lock:
  [[nodiscard]] std::uint32_t claim_size(const Place& place) const;
  void finish_claim(Place& place, Duration took);
  void collect(Place& place, Duration job_time);
  void unclaim_all();
  void add_places();
  // Of all that wait: who was woken for an earlier one may be on the way still.
  struct Wanted {
    std::size_t idle = 0;  // so many of those that wait for work_ …
    bool lookout = false;  // … and the one on the lookout
  };
  [[nodiscard]] Wanted who_is_wanted() const;
  // Without it:
  void wake(const Wanted& wanted);
  [[nodiscard]] bool may_begin() const {
    return !ending_ && !waiting_.empty() && running_ < concurrency_;
  }

  const Handler handler_;
  net::Alarm& alarm_;
  net::Watch& lookout_;
  const std::function<bool()> look_;
  const std::function<void()> glance_;
  net::Wakeup call_;  // for who is on the lookout
  net::Watch::Place called_;

  std::mutex lock_;
  std::condition_variable work_;
  std::deque<HeldJob*> waiting_;
  std::vector<HeldJob*> finished_;
  std::vector<std::unique_ptr<Place>> places_;
  std::uint32_t concurrency_ = 1;
  std::uint32_t running_ = 0;
  std::size_t idle_ = 0;     // threads that wait for work_
  std::size_t looking_ = 0;  // threads in look_ or glance_, which want a job next
  Instant next_glance_{};
  bool on_lookout_ = false;  // a thread is
  bool alarmed_ = false;     // for what has finished
  bool alarm_is_far_ = false;
  bool was_quick_ = false;  // of the last that ran, some were claimed at a time
  std::atomic<bool> hurried_{false};
  bool ending_ = false;
};

}  // namespace zcrew::worker
