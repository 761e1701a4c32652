#include "net/clock.h"

#include <chrono>

namespace zcrew::net {

Now read_clocks() {
  const auto mono = std::chrono::steady_clock::now().time_since_epoch();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {Instant{std::chrono::duration_cast<Microseconds>(mono)},
          WallTime{std::chrono::duration_cast<Milliseconds>(wall)}};
}

}  // namespace zcrew::net
