// Virtual time and what is to happen in it, in an order that depends on nothing but the seed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/time.h"
#include "core/prng.h"

namespace zcrew::sim {

class Schedule {
 public:
  [[nodiscard]] Instant now() const { return now_; }

  void at(Instant time, std::function<void()> action) {
    if (time < now_) time = now_;
    actions_.emplace(std::pair{time, ++count_}, std::move(action));
  }
  void after(Duration wait, std::function<void()> action) { at(now_ + wait, std::move(action)); }

  // Runs the next action; false if it lies behind `until`, where time then stands.
  bool run_next(Instant until) {
    if (actions_.empty() || until < actions_.begin()->first.first) {
      now_ = until;
      return false;
    }
    const auto first = actions_.begin();
    now_ = first->first.first;
    const std::function<void()> action = std::move(first->second);
    actions_.erase(first);
    action();
    return true;
  }

 private:
  Instant now_{std::chrono::hours{1}};
  std::uint64_t count_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> actions_;
};

// Choices, all from one seed.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : prng_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return prng_.below(bound); }
  bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }
  bool percent(std::uint64_t p) { return below(100) < p; }
  Duration between(Duration least, Duration most) {
    return least + Duration{static_cast<std::int64_t>(
                       below(static_cast<std::uint64_t>((most - least).count()) + 1))};
  }

 private:
  core::Prng prng_;
};

}  // namespace zcrew::sim
