// A gap that changes while a page of it is under way.
#include "core/gap.h"

#include <doctest/doctest.h>

namespace zcrew::core {
namespace {

std::vector<int> keep_of(Gap<int>& gap, std::vector<int> page, bool reached_end,
                         JournalSequence as_of) {
  std::vector<int> kept;
  gap.page_arrived(
      page, reached_end, as_of, [](int key) { return key; }, [&](int key) { kept.push_back(key); });
  return kept;
}

}  // namespace

TEST_CASE("a page of the narrow gap says nothing of the wide one") {
  Gap<int> gap;
  gap.open_between(0, 10);
  gap.page_asked(5);
  // Records up to 8 are made, on disk, and seen by the page, which was asked for keys below 10.
  gap.widen(8);
  gap.arrived_last(8);
  CHECK(keep_of(gap, {1, 2}, true, 8).empty());
  REQUIRE(gap.open());
  CHECK_FALSE(gap.can_page(7));
  REQUIRE(gap.can_page(8));
  gap.page_asked(8);
  CHECK(keep_of(gap, {1, 2, 12}, true, 8) == std::vector<int>{1, 2, 12});
  CHECK_FALSE(gap.open());
}

TEST_CASE("a late arrival stops an older page and is forgotten once it is durable") {
  Gap<int> gap;
  gap.open_behind(0, 0);
  gap.arrived(3, 9);
  gap.page_asked(5);
  CHECK(keep_of(gap, {1, 5}, true, 5) == std::vector<int>{1});
  CHECK_FALSE(gap.can_page(5));
  gap.forget_late(9);
  REQUIRE(gap.can_page(9));
  gap.page_asked(9);
  CHECK(keep_of(gap, {3, 5}, true, 9) == std::vector<int>{3, 5});
  CHECK_FALSE(gap.open());
}

}  // namespace zcrew::core
