#include "net/alarm.h"

#include <doctest/doctest.h>

#include <chrono>

#include "net/clock.h"
#include "net/watch.h"

namespace zcrew::net {
namespace {

constexpr Duration long_time = std::chrono::hours{1};

TEST_CASE("an alarm goes off after its time and not before, until it is drained") {
  Alarm alarm;
  Watch watch;
  watch.add(alarm.fd());
  CHECK_FALSE(alarm.is_set());
  const Instant before = read_monotonic();
  alarm.set(Milliseconds{20});
  CHECK(alarm.is_set());
  REQUIRE(watch.wait(long_time));
  CHECK(read_monotonic() - before >= Milliseconds{20});
  CHECK(alarm.is_set());
  REQUIRE(watch.wait(Duration::zero()));
  alarm.drain();
  CHECK_FALSE(alarm.is_set());
  CHECK_FALSE(watch.wait(Duration::zero()));
}

TEST_CASE("an alarm that is set anew goes off only at its new time") {
  Alarm alarm;
  Watch watch;
  watch.add(alarm.fd());
  alarm.set(Milliseconds{1});
  REQUIRE(watch.wait(long_time));
  alarm.set(long_time);
  CHECK_FALSE(watch.wait(Duration::zero()));
  alarm.drain();  // has nothing to drain
  CHECK(alarm.is_set());
}

}  // namespace
}  // namespace zcrew::net
