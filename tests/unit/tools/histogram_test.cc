#include "bench/histogram.h"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>

using zcrew::tool::bench::Histogram;

namespace {

std::unique_ptr<Histogram> made() { return std::make_unique<Histogram>(); }

}  // namespace

TEST_CASE("an empty histogram has no times") {
  const auto empty = made();
  CHECK(empty->count() == 0);
  CHECK(empty->at(0.5) == 0);
  CHECK(empty->most() == 0);
}

TEST_CASE("small times are exact, and large ones to within 1/128") {
  for (std::uint64_t ns = 1; ns < (std::uint64_t{1} << 45U); ns = ns * 3 + 1) {
    const auto times = made();
    times->add(ns);
    times->add(ns * 2);
    const auto off = std::abs(static_cast<double>(times->at(0.5)) - static_cast<double>(ns));
    CHECK(off <= (ns < 256 ? 0.0 : static_cast<double>(ns) / 128));
  }
}

TEST_CASE("a share of all times is at most the time at that share") {
  const auto times = made();
  for (std::uint64_t ns = 1; ns <= 100; ++ns) times->add(ns);
  CHECK(times->at(0.5) == 50);
  CHECK(times->at(0.99) == 99);
  CHECK(times->at(0.999) == 100);
  CHECK(times->at(1) == 100);
  CHECK(times->at(0) == 1);
}

TEST_CASE("the greatest time is kept as it is, and bounds every share") {
  const auto times = made();
  times->add(123456789);
  CHECK(times->most() == 123456789);
  CHECK(times->at(1) <= 123456789);
}

TEST_CASE("histograms add up") {
  const auto one = made();
  const auto other = made();
  one->add(10);
  other->add(20);
  other->add(30);
  one->add(*other);
  CHECK(one->count() == 3);
  CHECK(one->at(0.5) == 20);
  CHECK(one->most() == 30);
}
