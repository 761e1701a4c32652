// How long a job takes: the same for a job number in every run, so that runs can be compared. Pure.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

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

// How long all jobs take if no place of a worker is ever idle: all service times by the speed of
// all places. Nothing of it if jobs take no time, or come by the clock or beside a backlog.
inline std::optional<double> ideal_seconds(const Plan& plan) {
  if (plan.service.count() == 0 || plan.workers == 0 || plan.rate > 0 || plan.backlog > 0)
    return {};
  double work_ns = 0;
  for (std::uint64_t job = 0; job < plan.jobs; ++job) {
    work_ns += static_cast<double>(service_ns(plan, job, 1.0));
  }
  double speed = 0;
  for (unsigned worker = 0; worker < plan.workers; ++worker) {
    speed += plan.speed(worker) * (plan.concurrency > 0 ? plan.concurrency : plan.weight(worker));
  }
  return work_ns / speed / 1e9;
}

}  // namespace zcrew::tool::bench
