// A small pseudo-random generator of our own: std's distributions differ between libraries, and
// every random choice must replay from its seed. SplitMix64 (Steele, Lea, Flood 2014). Pure.
#pragma once

#include <cstdint>

namespace zcrew::core {

class Prng {
 public:
  explicit Prng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }

  // 0 … bound - 1. The bias of the remainder is below 2⁻³² for the bounds used here (< 2³²).
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace zcrew::core
