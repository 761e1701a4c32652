#include "base/boxed.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace zcrew;

namespace {

const std::string& text_of(const std::string& text) { return text; }

}  // namespace

TEST_CASE("a box stands for its value, and an empty one for a value as it is made") {
  const Boxed<std::string> empty;
  CHECK(text_of(empty).empty());
  const Boxed<std::string> full = std::string("worker");
  CHECK(text_of(full) == "worker");
}

TEST_CASE("a copy of a box shares the value and outlives the box") {
  Boxed<std::string> first = std::string(100, 'x');
  const Boxed<std::string> second = first;
  CHECK(&text_of(second) == &text_of(first));
  first = std::string("another");
  CHECK(text_of(second) == std::string(100, 'x'));
  const Boxed<std::string> third = std::move(first);
  CHECK(text_of(third) == "another");
}

TEST_CASE("a box takes the room of two pointers, whatever is in it") {
  struct Large {
    char bytes[1000];
  };
  CHECK(sizeof(Boxed<Large>) <= 2 * sizeof(void*));
}
