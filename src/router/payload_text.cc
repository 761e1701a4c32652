#include "router/payload_text.h"

#include <cstddef>
#include <cstdint>

namespace zcrew::router {
namespace {

// Bytes of the sequence at the front, 0 if it is not well-formed (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view bytes) {
  const auto byte_at = [&](std::size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte_at(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte_at(0);
  const unsigned second = byte_at(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && second < 0xA0;
    const bool surrogate = lead == 0xED && second > 0x9F;
    return !overlong && !surrogate && follows(1) && follows(2) ? 3 : 0;
  }
  if (lead < 0xF0 || lead > 0xF4) return 0;
  const bool overlong = lead == 0xF0 && second < 0x90;
  const bool beyond = lead == 0xF4 && second > 0x8F;
  return !overlong && !beyond && follows(1) && follows(2) && follows(3) ? 4 : 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_base64(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte_at = [&](std::size_t k) -> std::uint32_t {
      return k < bytes.size() ? static_cast<std::uint8_t>(bytes[k]) : 0U;
    };
    const std::uint32_t group = byte_at(i) << 16U | byte_at(i + 1) << 8U | byte_at(i + 2);
    text += alphabet[group >> 18U & 63U];
    text += alphabet[group >> 12U & 63U];
    text += i + 1 < bytes.size() ? alphabet[group >> 6U & 63U] : '=';
    text += i + 2 < bytes.size() ? alphabet[group & 63U] : '=';
  }
  return text;
}

}  // namespace zcrew::router
