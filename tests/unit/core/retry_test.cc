#include "core/retry.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace zcrew::core {
namespace {

struct Waits {
  std::uint64_t least = UINT64_MAX;
  std::uint64_t most = 0;
};

// Of a thousand jobs that failed for the nth time.
Waits waits_after(std::uint32_t failures, std::uint64_t base_ms, std::uint64_t max_ms) {
  Prng prng(7);
  Waits waits;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t wait = retry_wait_ms(failures, base_ms, max_ms, prng);
    waits.least = std::min(waits.least, wait);
    waits.most = std::max(waits.most, wait);
  }
  return waits;
}

}  // namespace

TEST_CASE("the wait is between half of and the whole of base × 2ⁿ (P-6.3)") {
  for (const std::uint32_t failures : {1U, 2U, 3U, 8U}) {
    CAPTURE(failures);
    const std::uint64_t whole = std::uint64_t{100} << (failures - 1);
    const Waits waits = waits_after(failures, 100, 300000);
    CHECK(waits.least >= whole / 2);
    CHECK(waits.least < whole * 6 / 10);
    CHECK(waits.most <= whole);
    CHECK(waits.most > whole * 9 / 10);
  }
}

TEST_CASE(
    "no wait is longer than its cap, however often a job failed or long its base is (P-6.3)") {
  for (const std::uint32_t failures : {1U, 10U, 1000U}) {
    CAPTURE(failures);
    const Waits waits = waits_after(failures, 7000, 5000);
    CHECK(waits.least >= 2500);
    CHECK(waits.most <= 5000);
  }
  CHECK(waits_after(1000, 1000, 300000).most <= 300000);
}

TEST_CASE("the shortest wait is a millisecond, so that no retry comes at once (P-6.3)") {
  const Waits waits = waits_after(1, 1, 5000);
  CHECK(waits.least == 1);
  CHECK(waits.most == 1);
}

}  // namespace zcrew::core
