#include "sacrifice.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <stdexcept>

namespace zcrew::tool {
namespace {

TEST_CASE("what the work tells comes back whole") {
  const std::string much(1000000, 'x');
  const Sacrifice child = sacrifice([&] { return much; });
  CHECK(child.told == much);
  CHECK(child.died_of.empty());
}

TEST_CASE("a death by damaged memory is a value") {
  const Sacrifice child = sacrifice([]() -> std::string {
    raise(SIGBUS);
    return "never";
  });
  CHECK(child.told.empty());
  CHECK(child.died_of == "Bus error");
}

TEST_CASE("work that throws ends badly, not silently") {
  const Sacrifice child = sacrifice([]() -> std::string { throw std::runtime_error("no more"); });
  CHECK(child.told.empty());
  CHECK(child.died_of == "exit 74");
}

}  // namespace
}  // namespace zcrew::tool
