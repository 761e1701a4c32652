#include "core/names.h"

#include <doctest/doctest.h>

namespace zcrew::core {

TEST_CASE("a queue's name is 1 to 128 letters, digits, dots, dashes and underlines") {
  CHECK(is_queue_name("a"));
  CHECK(is_queue_name("Mail.Out-2_z"));
  CHECK(is_queue_name("AZaz09"));
  CHECK(is_queue_name(std::string(limits::name_bytes_max, 'q')));
  CHECK_FALSE(is_queue_name(""));
  CHECK_FALSE(is_queue_name(std::string(limits::name_bytes_max + 1, 'q')));
  // What stands beside each of these ranges in ASCII, and what is beyond it.
  for (const char c : {' ', '+', ',', '/', ':', '@', '[', '^', '`', '{', '~', '\0', '\n', '\xe4'}) {
    CAPTURE(c);
    CHECK_FALSE(is_queue_name(std::string("a") + c));
  }
}

TEST_CASE("a peer's name is cut and shown without what moves a terminal's cursor") {
  CHECK(printable("worker 1~") == "worker 1~");
  CHECK(printable("a\nb\x1b[2Jc\x7f") == "a?b?[2Jc?");
  CHECK(printable("\xc3\xa4") == "??");
  CHECK(printable(std::string(500, 'n')) == std::string(limits::name_bytes_max, 'n'));
}

}  // namespace zcrew::core
