// A second thread that makes the loop's turns while the first one is busy with a commit: whoever
// speaks meanwhile is heard. So the thread that got a job can write it down by itself and confirm
// it, without waking another for the commit and being woken for the confirm.
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
  // `wait` returns when there is something to hear, or after the time at the latest, or when `wake`
  // is called. `turn` hears it, and returns how long the next wait may take.
  struct Duties {
    std::function<void(Duration)> wait;
    std::function<Duration()> turn;
    std::function<void()> wake;
  };
  // The first wait, and those behind an absence, take at most `patience`.
  StandIn(Duties duties, Duration patience);
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // `act` throws nothing and does not take part in turns. Throws what a turn has thrown meanwhile.
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

  const Duties duties_;
  const Duration patience_;
  std::mutex turn_;
  std::atomic<bool> away_{false};
  std::atomic<bool> over_{false};
  std::exception_ptr thrown_;  // protected by turn_
  std::unique_lock<std::mutex> mine_{turn_};
  std::thread thread_;
};

}  // namespace zcrew::router
