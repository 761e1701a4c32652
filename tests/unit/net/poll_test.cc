#include <doctest/doctest.h>

#include <thread>

#include "waiting.h"

namespace zcrew::net {

TEST_CASE("a wakeup from another thread ends a poll") {
  Wakeup wakeup;
  std::thread other([&] { wakeup.signal(); });
  const int descriptor = wakeup.fd();
  const Instant start = read_clocks().mono;
  poll({}, {&descriptor, 1}, std::chrono::seconds{30});
  CHECK(read_clocks().mono - start < std::chrono::seconds{20});
  other.join();
}

TEST_CASE("a drained wakeup does not wake again") {
  Wakeup wakeup;
  wakeup.signal();
  wakeup.signal();
  wakeup.drain();
  const int descriptor = wakeup.fd();
  const Instant start = read_clocks().mono;
  poll({}, {&descriptor, 1}, Milliseconds{20});
  CHECK(read_clocks().mono - start >= Milliseconds{20});
}

TEST_CASE("patience of less than a millisecond does not spin") {
  const Instant start = read_clocks().mono;
  poll({}, {}, Microseconds{1});
  CHECK(read_clocks().mono - start >= Microseconds{900});
}

}  // namespace zcrew::net
