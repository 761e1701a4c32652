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

TEST_CASE("a page that was asked for before the gap began elsewhere is dropped") {
  Gap<int> gap;
  gap.open_behind(0, 0);
  gap.page_asked(5);
  gap.open_behind(3, 6);
  CHECK(keep_of(gap, {1, 2, 4}, true, 5).empty());
  REQUIRE(gap.open());
  CHECK(gap.begin() == 3);
  CHECK_FALSE(gap.can_page(5));
  CHECK(gap.can_page(6));
}

TEST_CASE("keys of a page that lie before the gap are passed over") {
  Gap<int> gap;
  gap.open_behind(3, 0);
  gap.page_asked(0);
  CHECK(keep_of(gap, {2, 3, 4, 5}, false, 0) == std::vector<int>{4, 5});
  CHECK(gap.begin() == 5);
  CHECK(gap.can_page(0));  // a page that was only full says that there may be more
}

TEST_CASE("of several late arrivals the first one ahead stops a page, be the page full or not") {
  Gap<int> gap;
  gap.open_behind(0, 0);
  gap.arrived(2, 4);
  gap.arrived(9, 8);
  gap.arrived(5, 9);
  gap.arrived(7, 10);
  gap.page_asked(4);
  // Of record 4 the snapshot knows; 5, 7 and 9 it may have in an older state.
  CHECK(keep_of(gap, {1, 2, 3, 5, 9}, false, 4) == std::vector<int>{1, 2, 3});
  CHECK_FALSE(gap.can_page(4));
  REQUIRE(gap.can_page(9));
  gap.page_asked(9);
  CHECK(keep_of(gap, {5, 9}, true, 9) == std::vector<int>{5});  // 7 comes with record 10
  REQUIRE(gap.can_page(10));
  gap.page_asked(10);
  CHECK(keep_of(gap, {7, 9}, true, 10) == std::vector<int>{7, 9});
  CHECK_FALSE(gap.open());
}

TEST_CASE("while a page is under way, late arrivals are kept for it") {
  Gap<int> gap;
  gap.open_behind(0, 0);
  gap.page_asked(0);
  gap.arrived(3, 1);
  gap.forget_late(1);  // durable by now, though not in the page
  CHECK(keep_of(gap, {1, 5}, true, 0) == std::vector<int>{1});
  CHECK(gap.open());
}

}  // namespace zcrew::core
