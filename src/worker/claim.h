// Jobs that one thread, the owner, has set aside to begin them one behind the other without a lock:
// quick jobs cost little more than the locks around them. Others may take back those that have not
// begun, so none of them waits behind one that takes long while somebody could run it.
//
// Threads: begin() and end() are the owner's. The others are called under one lock, of the owner or
// anybody else; fill() by the owner.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>

#include "base/check.h"
#include "worker/session.h"

namespace zcrew::worker {

class Claim {
 public:
  static constexpr std::uint32_t most = 8;

  // The first so many that wait, at most `most`. Requires that those of the last time are over and
  // were collected.
  void fill(std::deque<HeldJob*>& waiting, std::uint32_t count) {
    ZCREW_CHECK(uncollected() == 0 && count <= most && count <= waiting.size());
    std::copy_n(waiting.begin(), count, jobs_.begin());
    waiting.erase(waiting.begin(), waiting.begin() + count);
    size_ = stop_ = count;
    collected_ = 0;
    ended_.store(0, std::memory_order_relaxed);
    begun_.store(0, std::memory_order_relaxed);
  }

  // The next one, which begins now; null if none is left.
  HeldJob* begin() {
    const std::uint32_t at = begun_.fetch_add(1, std::memory_order_relaxed);
    return at < size_ ? jobs_[at] : nullptr;
  }
  // It has ended, and what became of it is in it.
  void end() {
    ended_.store(ended_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // Puts those that have not begun back to the front of `waiting`.
  void give_back(std::deque<HeldJob*>& waiting) {
    const std::uint32_t begun = begun_.exchange(most, std::memory_order_relaxed);
    if (begun >= stop_) return;
    waiting.insert(waiting.begin(), jobs_.begin() + begun, jobs_.begin() + stop_);
    stop_ = begun;
  }

  // How many have ended and were not collected.
  [[nodiscard]] std::uint32_t uncollected() const {
    return ended_.load(std::memory_order_acquire) - collected_;
  }
  // The next of them.
  HeldJob& collect() {
    ZCREW_CHECK(uncollected() > 0);
    return *jobs_[collected_++];
  }

  // The one that has begun and not ended, if it has not meanwhile; null: none.
  [[nodiscard]] const HeldJob* current() const {
    const std::uint32_t ended = ended_.load(std::memory_order_acquire);
    const std::uint32_t begun = std::min(begun_.load(std::memory_order_relaxed), stop_);
    return ended < begun ? jobs_[ended] : nullptr;
  }

 private:
  std::array<HeldJob*, most> jobs_{};
  std::uint32_t size_ = 0;               // the owner's, for begin()
  std::uint32_t stop_ = 0;               // the same, or where those begin that were given back
  std::uint32_t collected_ = 0;          // of those that have ended
  std::atomic<std::uint32_t> begun_{0};  // above size_: none is left to begin
  std::atomic<std::uint32_t> ended_{0};
};

}  // namespace zcrew::worker
