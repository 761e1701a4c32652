#include "router/payload_text.h"

#include <doctest/doctest.h>

#include <string>

namespace zcrew::router {
namespace {

TEST_CASE("base64 as in RFC 4648") {
  CHECK(to_base64("").empty());
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  CHECK(to_base64(std::string("\xff\xfe\x00", 3)) == "//4A");
}

TEST_CASE("well-formed UTF-8 is text") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain"));
  CHECK(is_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xEF\xBF\xBF \xF4\x8F\xBF\xBF"));
  CHECK(is_utf8(std::string("\0", 1)));
}

TEST_CASE("anything else is not") {
  for (const char* bytes : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF5",
                            "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\xE2\x82", "\xC3", "a\xFF"}) {
    CHECK_FALSE(is_utf8(bytes));
  }
}

}  // namespace
}  // namespace zcrew::router
