// The first bytes of a payload: which job it is, and when it was to be sent.
#pragma once

#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace zcrew::tool::bench {

struct Stamp {
  std::uint64_t number = 0;
  std::uint64_t intended_ns = 0;  // on the clock of now_ns()
};

// One clock for all processes of a machine.
inline std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1000000000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

inline void sleep_until(std::uint64_t ns) {
  const timespec until{static_cast<time_t>(ns / 1000000000U), static_cast<long>(ns % 1000000000U)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

inline void write_stamp(char* payload, const Stamp& stamp) {
  std::memcpy(payload, &stamp, sizeof stamp);
}

inline Stamp read_stamp(std::string_view payload) {
  Stamp stamp;
  if (payload.size() >= sizeof stamp) std::memcpy(&stamp, payload.data(), sizeof stamp);
  return stamp;
}

}  // namespace zcrew::tool::bench
