#include "base/ids.h"

#include <doctest/doctest.h>

using namespace zcrew;

TEST_CASE("a job id has one spelling and reads back") {
  const JobId id{3, 5, 1048577};
  CHECK(to_text(id) == "q3p5n1048577");
  CHECK(parse_job_id("q3p5n1048577") == id);
  CHECK(parse_job_id("q4294967295p9n18446744073709551615") ==
        JobId{4294967295U, 9, 18446744073709551615ULL});
}

TEST_CASE("what is not a job id is refused") {
  for (const char* text : {"", "q", "q3", "q3p5", "q3p5n", "3p5n1", "q3p10n1", "q03p5n1", "q3p5n01",
                           "q3p5n1 ", "q3p5n-1", "q4294967296p1n1", "q3p5n18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_job_id(text).has_value());
  }
}

TEST_CASE("a uuid is 32 hex digits") {
  Uuid uuid;
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i)
    uuid.bytes[i] = static_cast<std::uint8_t>(i * 17);
  CHECK(to_text(uuid) == "00112233445566778899aabbccddeeff");
  CHECK(parse_uuid(to_text(uuid)) == uuid);
  CHECK_FALSE(parse_uuid("00112233445566778899AABBCCDDEEFF").has_value());
  CHECK_FALSE(parse_uuid("0011").has_value());
}
