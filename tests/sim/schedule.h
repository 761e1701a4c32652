// Virtual time and what is to happen in it, in an order that depends on nothing but the seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/prng.h"

namespace zcrew::sim {

class Schedule {
 public:
  [[nodiscard]] Instant now() const { return now_; }

  void at(Instant time, std::function<void()> action) {
    if (free_.empty()) {
      free_.push_back(actions_.size());
      actions_.emplace_back();
    }
    const std::size_t slot = free_.back();
    free_.pop_back();
    actions_[slot] = std::move(action);
    heap_.push_back({std::max(time, now_), ++count_, slot});
    std::push_heap(heap_.begin(), heap_.end(), is_later);
  }
  void after(Duration wait, std::function<void()> action) { at(now_ + wait, std::move(action)); }

  // Runs what is due until then, where time then stands.
  void run_until(Instant until) {
    while (!heap_.empty() && heap_.front().time <= until) {
      std::pop_heap(heap_.begin(), heap_.end(), is_later);
      const Entry next = heap_.back();
      heap_.pop_back();
      now_ = next.time;
      const std::function<void()> action = std::exchange(actions_[next.slot], nullptr);
      free_.push_back(next.slot);
      action();
    }
    now_ = until;
  }

 private:
  struct Entry {
    Instant time;
    std::uint64_t number = 0;  // what was planned first comes first
    std::size_t slot = 0;      // of its action, which does not move while the heap is sorted
  };
  static bool is_later(const Entry& a, const Entry& b) {
    return a.time != b.time ? a.time > b.time : a.number > b.number;
  }

  Instant now_{std::chrono::hours{1}};
  std::uint64_t count_ = 0;
  std::vector<Entry> heap_;
  std::vector<std::function<void()>> actions_;
  std::vector<std::size_t> free_;  // slots
};

// Choices, all from one seed.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : prng_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return prng_.below(bound); }
  unsigned small(std::uint64_t bound) { return static_cast<unsigned>(prng_.below(bound)); }
  bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }
  bool percent(std::uint64_t p) { return below(100) < p; }
  Duration between(Duration least, Duration most) {
    return least + Duration{static_cast<std::int64_t>(
                       below(static_cast<std::uint64_t>((most - least).count()) + 1))};
  }
  Uuid uuid() {
    Uuid uuid;
    for (std::uint8_t& byte : uuid.bytes) byte = static_cast<std::uint8_t>(below(256));
    return uuid;
  }

 private:
  core::Prng prng_;
};

}  // namespace zcrew::sim
