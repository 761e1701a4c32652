#include "bench/histogram.h"

#include <algorithm>
#include <cmath>

namespace zcrew::tool::bench {

std::uint64_t Histogram::value_of(std::size_t slot) {
  if (slot < 2 * half) return slot;
  const std::size_t shift = slot / half - 1;
  const std::uint64_t least = std::uint64_t{half + slot % half} << shift;
  return least + (std::uint64_t{1} << shift) / 2;
}

void Histogram::add(const Histogram& other) {
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const std::uint64_t count = other.counts_[slot].load(std::memory_order_relaxed);
    if (count > 0) counts_[slot].fetch_add(count, std::memory_order_relaxed);
  }
  most_.store(std::max(most(), other.most()), std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t sum = 0;
  for (const auto& count : counts_) sum += count.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t Histogram::at(double share) const {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
  std::uint64_t sum = 0;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    sum += counts_[slot].load(std::memory_order_relaxed);
    if (sum >= std::max<std::uint64_t>(wanted, 1)) return std::min(value_of(slot), most());
  }
  return most();
}

}  // namespace zcrew::tool::bench
