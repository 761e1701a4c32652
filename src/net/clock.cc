#include "net/clock.h"

#include <chrono>

namespace zcrew::net {

Instant read_monotonic() {
  const auto mono = std::chrono::steady_clock::now().time_since_epoch();
  return Instant{std::chrono::duration_cast<Microseconds>(mono)};
}

Now read_clocks() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {read_monotonic(), WallTime{std::chrono::duration_cast<Milliseconds>(wall)}};
}

}  // namespace zcrew::net
