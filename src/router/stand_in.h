// A second thread that makes the loop's turns while the first one is busy with a commit: whoever
// speaks meanwhile is heard. So the thread that got a job can write it down by itself and confirm
// it, without waking another for the commit and being woken for the confirm.
//
// It takes its post when the first thread goes away, and keeps it over further absences, until it
// is woken, or its time is over, while nobody is away. So a caller that waits for each job costs a
// wake-up ten times a second and not one a job; and a router that is never away has nobody beside
// it whom the kernel would have to ask at each message (which cost a tenth of its time at 5,000
// jobs a second).
//
// The thread that makes it has the turn, but for what it does in meanwhile(). All of the class is
// for that thread.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "base/time.h"

namespace zcrew::router {

class StandIn {
 public:
  struct Duties {
    // From now on wait() is woken by what there is to hear, or is not any more. Called without the
    // turn, as is wait().
    std::function<void()> take_post;
    std::function<void()> leave_post;
    // Until there is something to hear, or wake() is called, but no longer than so long.
    std::function<void(Duration)> wait;
    std::function<void()> wake;
    // Hears it. How long the next wait() may take.
    std::function<Duration()> turn;
  };
  explicit StandIn(Duties duties);
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // `act` throws nothing and has nothing to do with turns. Throws what the duties have thrown.
  template <typename Act>
  void meanwhile(Act act) {
    leave();
    act();
    come_back();
  }

 private:
  void leave();
  void come_back();
  void serve();
  void stand_in();
  Duration make_turn();

  const Duties duties_;
  std::mutex turn_;
  std::atomic<bool> away_{false};
  std::atomic<bool> over_{false};
  std::exception_ptr thrown_;  // protected by turn_
  std::unique_lock<std::mutex> mine_{turn_};
  std::thread thread_;
};

}  // namespace zcrew::router
