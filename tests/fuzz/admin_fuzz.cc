// Fuzzes what reads the questions and commands of ADMIN messages: any bytes are a request within
// its limits, or an error that can be shown.
//
// Input: the verb, a line end, the arguments.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "base/limits.h"
#include "router/admin_request.h"
#include "router/payload_text.h"

namespace {

using namespace zcrew;
using namespace zcrew::router;

void check(const ListDead& list) { ZCREW_CHECK(list.limit >= 1 && list.limit <= 1000); }

void check(const ChangeQueue& change) {
  const core::QueueSettings settings = changed({}, change);
  ZCREW_CHECK(settings.name == change.queue);
  ZCREW_CHECK(settings.weight >= 1 && settings.weight <= limits::weight_max);
  ZCREW_CHECK(settings.attempts >= 1 && settings.attempts <= limits::attempts_max);
  ZCREW_CHECK(settings.crash_limit >= 1 && settings.crash_limit <= limits::attempts_max);
  ZCREW_CHECK(settings.backoff_ms >= 1 && settings.backoff_max_ms >= 1);
}

void check(const core::SetWeight& set) { ZCREW_CHECK(set.weight <= limits::weight_max); }
void check(const core::RedriveDead& redrive) { ZCREW_CHECK(!redrive.jobs.empty()); }
void check(const core::RemoveDead& removal) { ZCREW_CHECK(!removal.jobs.empty()); }

template <typename Other>
void check(const Other&) {}

// An error goes to a terminal as it is.
void check(const AdminError& error) {
  constexpr std::size_t line_max = 500;
  ZCREW_CHECK(!error.text.empty() && error.text.size() <= line_max);
  ZCREW_CHECK(is_utf8(error.text));
  ZCREW_CHECK(std::none_of(error.text.begin(), error.text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  }));
  // U+0080 to U+009F, some of which begin commands to a terminal.
  for (std::size_t at = error.text.find('\xC2'); at != std::string::npos;
       at = error.text.find('\xC2', at + 1)) {
    ZCREW_CHECK(static_cast<unsigned char>(error.text[at + 1]) >= 0xA0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const auto request =
      parse_admin(input.substr(0, end), input.substr(std::min(end + 1, input.size())));
  if (request) {
    std::visit([](const auto& what) { check(what); }, *request);
  } else {
    check(request.error());
  }
  return 0;
}
