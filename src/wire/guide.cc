#include "wire/guide.h"

#include "wire/names.h"

namespace zcrew::wire {

namespace {

constexpr char envelope_mark = 'J';
static_assert(envelope_bytes == 1 + token_bytes);

}  // namespace

std::string encode_envelope(const Token& token) {
  std::string frame(envelope_bytes, envelope_mark);
  store(frame.data() + 1, token);
  return frame;
}

std::optional<Token> decode_envelope(std::string_view frame) {
  Token token;
  if (frame.size() != envelope_bytes || frame[0] != envelope_mark) return std::nullopt;
  if (!load(frame.data() + 1, token)) return std::nullopt;
  return token;
}

std::string_view ready_frame(GuideSpelling spelling) {
  return spelling == GuideSpelling::byte ? "\x01" : "READY";
}

std::string_view heartbeat_frame(GuideSpelling spelling) {
  return spelling == GuideSpelling::byte ? "\x02" : "HEARTBEAT";
}

}  // namespace zcrew::wire
