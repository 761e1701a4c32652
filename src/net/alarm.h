// Makes a descriptor readable after a while (a timerfd): who waits for it wakes then, unless the
// alarm is set anew before.
#pragma once

#include <atomic>

#include "base/time.h"

namespace zcrew::net {

// Any thread may call the methods.
class Alarm {
 public:
  // Throws zcrew::Error (74) if no descriptor is left.
  Alarm();
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // From now on, instead of what was set before. The time is more than zero.
  void set(Duration after) noexcept;

  // What has gone off goes off no more.
  void drain() noexcept;

  // It will go off, or has and was not drained. False all the same, now and then, where one thread
  // sets it while another drains what went off before.
  [[nodiscard]] bool is_set() const { return set_.load(std::memory_order_relaxed); }

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  std::atomic<bool> set_{false};
};

}  // namespace zcrew::net
