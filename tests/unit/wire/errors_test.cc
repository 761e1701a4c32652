// The error registry (wire/errors.h).
#include "wire/errors.h"

#include <doctest/doctest.h>

using namespace zcrew::wire;

TEST_CASE("errors have the names people see") {
  CHECK(name_of(ErrorCode::queue_full) == "queue_full");
  CHECK(name_of(ErrorCode::malformed) == "malformed");
  CHECK(name_of(ErrorCode::none) == "none");
}

TEST_CASE("the number of a newer peer has a name too (P-10.1)") {
  CHECK(name_of(static_cast<ErrorCode>(299)) == "unknown");
  CHECK(name_of(static_cast<ErrorCode>(65535)) == "unknown");
}
