// What the fuzzers of the four decoders share: whatever is taken for a message must survive being
// written and read again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "unit/wire/frames.h"
#include "wire/layout.h"

namespace zcrew::wire {

template <typename T>
void check_message(const T& message) {
  if constexpr (NativeMessage<T>) {
    if constexpr (is_batched<T>) {
      if (message.entries.empty()) return;  // a packer writes none without entries
    }
    const std::string frame = frame_of(message);
    ZCREW_CHECK(decoded<T>(frame) == message);
  }
}

template <typename Variant>
void check_result(const Result<Variant, DecodeError>& result) {
  if (result) {
    std::visit([](const auto& message) { check_message(message); }, *result);
  } else {
    ZCREW_CHECK(!result.error().text.empty());
  }
}

// The frames of a router's peer: first how many besides the last (0 to 3), then each one's length
// in a byte and itself, and at the end the last frame.
inline std::vector<std::string_view> split_frames(std::string_view input) {
  std::vector<std::string_view> frames;
  if (input.empty()) return frames;
  std::size_t more = static_cast<unsigned char>(input[0]) % 4U;
  input.remove_prefix(1);
  for (; more > 0 && !input.empty(); --more) {
    const std::size_t size = static_cast<unsigned char>(input[0]);
    input.remove_prefix(1);
    frames.push_back(input.substr(0, size));
    input.remove_prefix(frames.back().size());
  }
  frames.push_back(input);
  return frames;
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace zcrew::wire
