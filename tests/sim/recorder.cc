#include "recorder.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace zcrew::sim {

void Recorder::trace(std::string_view bytes) {
  trace_ = XXH3_64bits_withSeed(bytes.data(), bytes.size(), trace_);
}

void Recorder::grow(std::size_t bytes) {
  constexpr std::size_t first = std::size_t{1} << 19U;  // most days' histories
  room_ = std::max(first, 2 * (size_ + bytes));
  auto text = std::make_unique_for_overwrite<char[]>(room_);
  if (size_ != 0) std::memcpy(text.get(), text_.get(), size_);
  text_ = std::move(text);
}

}  // namespace zcrew::sim
