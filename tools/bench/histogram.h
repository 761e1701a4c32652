// Counts of times, kept to within 1/128 of their value (the layout of Gil Tene's HdrHistogram: a
// linear part per power of two). A plain array of atomics, so that it can stand in memory shared by
// processes, and threads may add at once. Zeroed memory is an empty histogram.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace zcrew::tool::bench {

class Histogram {
 public:
  void add(std::uint64_t ns) {
    counts_[slot_of(ns)].fetch_add(1, std::memory_order_relaxed);
    std::uint64_t most = most_.load(std::memory_order_relaxed);
    while (ns > most && !most_.compare_exchange_weak(most, ns, std::memory_order_relaxed)) {
    }
  }

  void add(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] std::uint64_t most() const { return most_.load(std::memory_order_relaxed); }

  // The least time that at least `share` (0 to 1) of all do not exceed; 0 if there are none.
  [[nodiscard]] std::uint64_t at(double share) const;

 private:
  static constexpr unsigned linear_bits = 7;
  static constexpr std::size_t half = std::size_t{1} << linear_bits;
  // 2^46 ns are 19 hours; longer times count as that.
  static constexpr unsigned value_bits = 46;
  static constexpr std::size_t slots = half * (value_bits - linear_bits + 1);

  static std::size_t slot_of(std::uint64_t ns) {
    constexpr std::uint64_t longest = (std::uint64_t{1} << value_bits) - 1;
    if (ns > longest) ns = longest;
    if (ns < half) return static_cast<std::size_t>(ns);
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - linear_bits;
    return half * (shift + 1) + static_cast<std::size_t>((ns >> shift) - half);
  }
  // The middle of what falls into the slot.
  static std::uint64_t value_of(std::size_t slot);

  std::array<std::atomic<std::uint64_t>, slots> counts_;
  std::atomic<std::uint64_t> most_;
};

}  // namespace zcrew::tool::bench
