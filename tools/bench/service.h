// How long a job takes: the same for a job number in every run, so that runs can be compared. Pure.
#pragma once

#include <cmath>
#include <cstdint>

#include "bench/plan.h"

namespace zcrew::tool::bench {

// Between 0 and 1, spread evenly (the finalizer of SplitMix64).
inline double chance_of(std::uint64_t number) {
  std::uint64_t z = (number + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1.0p-53;
}

// With mean plan.service at speed 1. `mixed`: nine of ten take half of it, the tenth 5.5 times.
inline std::uint64_t service_ns(const Plan& plan, std::uint64_t number, double speed) {
  const double mean = static_cast<double>(plan.service.count()) / speed;
  switch (plan.spread) {
    case Service::fixed:
      break;
    case Service::exponential:
      return static_cast<std::uint64_t>(-std::log(1 - chance_of(number)) * mean);
    case Service::mixed:
      return static_cast<std::uint64_t>(mean * (chance_of(number) < 0.9 ? 0.5 : 5.5));
  }
  return static_cast<std::uint64_t>(mean);
}

}  // namespace zcrew::tool::bench
