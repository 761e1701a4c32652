// Checks for our own bugs, on in every build: an impossible state ends the process with one line.
//
// A peer's mistake is never a reason for a check; it is a value (base/result.h).
#pragma once

#include <cstdio>
#include <cstdlib>

namespace zcrew {

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr,
               "zcrew: internal error: %s does not hold at %s:%d. This is a bug in zcrew; "
               "please report this line. A restart on the same journal is safe.\n",
               expression, file, line);
  std::abort();
}

}  // namespace zcrew

#define ZCREW_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::zcrew::check_failed(#expression, __FILE__, __LINE__))
