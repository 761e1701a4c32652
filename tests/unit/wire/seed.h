// The seed of a random test: printed, and taken from SEED=n in the environment to repeat a run.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace zcrew {

inline std::uint64_t test_seed(const char* test) {
  const char* given = std::getenv("SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("%s SEED=%llu\n", test, static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace zcrew
