// Two kinds of time, which the types keep apart.
//
// Instant is monotonic and drives liveness, leases and every other "how long". WallTime is the
// calendar's and is what the journal keeps (due times, when a job was accepted), because a
// monotonic reading means nothing after a reboot. Neither has a now(): pure code gets `Now` from
// its caller, and only the shells read the system's clocks (net/clock.h).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace zcrew {

using Microseconds = std::chrono::microseconds;
using Milliseconds = std::chrono::milliseconds;

struct MonotonicTag {
  using duration = Microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicTag>;
  static constexpr bool is_steady = true;
};

struct WallTag {
  using duration = Milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallTag>;
  static constexpr bool is_steady = false;
};

using Duration = Microseconds;
using Instant = MonotonicTag::time_point;  // microseconds since an arbitrary start
using WallTime = WallTag::time_point;      // milliseconds since 1970-01-01 UTC

struct Now {
  Instant mono;
  WallTime wall;
};

inline std::uint64_t to_ms(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
inline WallTime from_ms(std::uint64_t ms) {
  return WallTime{Milliseconds{static_cast<std::int64_t>(ms)}};
}

}  // namespace zcrew
