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
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/time.h"

namespace zcrew::router {

class StandIn {
 public:
  struct Duties {
    // From now on wait() is woken by what there is to hear, or is not any more. Called without the
    // turn, as is wait(). False if that is not possible: then nobody stands in this time.
    std::function<bool()> take_post;
    std::function<void()> leave_post;
    // Until there is something to hear, or wake() is called, but not beyond the time.
    std::function<void(Instant)> wait;
    std::function<void()> wake;
    // Hears it. Until when the next wait() may last; nothing if there is no turn to make any more
    // before the first thread is back.
    std::function<std::optional<Instant>()> turn;
  };
  explicit StandIn(Duties duties);
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // `act` throws nothing and has nothing to do with turns; at `until` there is one to make though
  // nobody has spoken. Throws what a turn has thrown.
  template <typename Act>
  void meanwhile(Instant until, Act act) {
    leave(until);
    act();
    come_back();
  }

 private:
  void leave(Instant until);
  void come_back();
  void serve();
  bool stand_in();
  void move();
  [[nodiscard]] bool is_away() const { return moves_ % 2 == 1 && !over_; }
  std::optional<Instant> make_turn();

  const Duties duties_;
  std::mutex turn_;
  std::atomic<std::uint32_t> moves_{0};  // how often the first thread has gone and come
  std::atomic<bool> over_{false};
  std::atomic<Instant> waits_until_{Instant{}};
  std::exception_ptr thrown_;  // protected by turn_
  std::unique_lock<std::mutex> mine_{turn_};
  std::thread thread_;
};

}  // namespace zcrew::router
