// How long a caller is willing to wait, kept within what the clock can count.
#pragma once

#include <algorithm>
#include <chrono>

namespace zcrew::client {

inline std::chrono::milliseconds bounded(std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds patience_max = std::chrono::hours{24 * 366};
  return std::clamp(patience, std::chrono::milliseconds{0}, patience_max);
}

}  // namespace zcrew::client
