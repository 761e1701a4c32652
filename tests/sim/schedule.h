// Virtual time and what is to happen in it, in an order that depends on nothing but the seed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/prng.h"

namespace zcrew::sim {

// One call, kept where it was put: nothing is allocated or moved for it.
class Action {
 public:
  Action() = default;
  Action(const Action&) = delete;
  Action& operator=(const Action&) = delete;
  ~Action() {
    if (end_ != nullptr) end_(room_, false);
  }

  template <typename Call>
  void set(Call&& call) {
    using Kept = std::decay_t<Call>;
    static_assert(sizeof(Kept) <= sizeof room_);
    new (room_) Kept(std::forward<Call>(call));
    end_ = [](void* room, bool runs) {
      Kept& kept = *std::launder(static_cast<Kept*>(room));
      if (runs) kept();
      kept.~Kept();
    };
  }
  void run() { std::exchange(end_, nullptr)(room_, true); }

 private:
  alignas(std::max_align_t) std::byte room_[128];
  void (*end_)(void* room, bool runs) = nullptr;
};

class Schedule {
 public:
  [[nodiscard]] Instant now() const { return now_; }

  template <typename Call>
  void at(Instant time, Call&& call) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(actions_.size()));
      actions_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    actions_[slot].set(std::forward<Call>(call));
    if (time <= now_) return now_due_.push_back(slot);
    heap_.push_back({time, ++count_, slot});
    std::push_heap(heap_.begin(), heap_.end(), IsLater{});
  }
  template <typename Call>
  void after(Duration wait, Call&& call) {
    at(now_ + wait, std::forward<Call>(call));
  }

  // Runs what is due until then, where time then stands.
  void run_until(Instant until) {
    for (;;) {
      // Planned for this moment before it came, hence before what was planned in it.
      const bool planned = !heap_.empty() && heap_.front().time <= now_;
      if (!planned && !now_due_.empty()) {
        const std::uint32_t slot = now_due_.front();
        now_due_.pop_front();
        run(slot);
        continue;
      }
      if (heap_.empty() || heap_.front().time > until) break;
      std::pop_heap(heap_.begin(), heap_.end(), IsLater{});
      const Entry next = heap_.back();
      heap_.pop_back();
      now_ = next.time;
      run(next.slot);
    }
    now_ = until;
  }

 private:
  struct Entry {
    Instant time;
    std::uint32_t number = 0;  // what was planned first comes first
    std::uint32_t slot = 0;    // of its action
  };
  struct IsLater {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.time != b.time ? a.time > b.time : a.number > b.number;
    }
  };

  void run(std::uint32_t slot) {
    actions_[slot].run();
    free_.push_back(slot);
  }

  Instant now_{std::chrono::hours{1}};
  std::uint32_t count_ = 0;
  std::vector<Entry> heap_;
  std::deque<std::uint32_t> now_due_;
  std::deque<Action> actions_;       // by slot
  std::vector<std::uint32_t> free_;  // slots
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
