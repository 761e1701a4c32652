// How long a failed job waits: base × 2ⁿ with jitter, capped. Pure.
#pragma once

#include <cstdint>

#include "core/prng.h"

namespace zcrew::core {

// `failures` ≥ 1 counts the one that just happened. The wait lies between half of and the whole
// exponential time ("equal jitter"): jobs that failed together do not return together, and none
// returns at once. All in milliseconds.
inline std::uint64_t retry_wait_ms(std::uint32_t failures, std::uint64_t base_ms,
                                   std::uint64_t max_ms, Prng& prng) {
  std::uint64_t wait = base_ms;
  for (std::uint32_t i = 1; i < failures && wait < max_ms; ++i) wait *= 2;
  if (wait > max_ms) wait = max_ms;
  const std::uint64_t half = wait / 2;
  return wait - half + (half == 0 ? 0 : prng.below(half + 1));
}

}  // namespace zcrew::core
