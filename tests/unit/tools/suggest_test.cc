#include "suggest.h"

#include <doctest/doctest.h>

namespace zcrew::tool {
namespace {

TEST_CASE("a swap of neighbours, a missing, a wrong and an extra letter are one edit each") {
  CHECK(edit_distance("status", "status") == 0);
  CHECK(edit_distance("stauts", "status") == 1);
  CHECK(edit_distance("statu", "status") == 1);
  CHECK(edit_distance("stotus", "status") == 1);
  CHECK(edit_distance("sttatus", "status") == 1);
  CHECK(edit_distance("", "abc") == 3);
}

TEST_CASE("a slip is corrected, another word is not guessed at") {
  const std::vector<std::string> known{"router", "worker", "workers", "submit"};
  CHECK(nearest("ruoter", known) == "router");
  CHECK(nearest("wrker", known) == "worker");
  CHECK_FALSE(nearest("frobnicate", known));
  CHECK_FALSE(nearest("x", {}));
}

}  // namespace
}  // namespace zcrew::tool
