#include "frames.h"

#include <cctype>

#include "base/check.h"

namespace zcrew::wire {

std::string bytes(std::string_view hex) {
  std::string result;
  std::string digits;
  bool comment = false;
  for (const char c : hex) {
    if (c == '#') comment = true;
    if (c == '\n') comment = false;
    if (comment || std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    digits += c;
    if (digits.size() < 2) continue;
    result += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  ZCREW_CHECK(digits.empty());
  return result;
}

std::string to_hex(std::string_view frame) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : frame) {
    const auto byte = static_cast<unsigned char>(c);
    if (!hex.empty()) hex += ' ';
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

}  // namespace zcrew::wire
