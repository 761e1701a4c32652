#include "recorder.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace zcrew::sim {

// Of a frame of megabytes only the length and both ends: to hash all of its padding took 6 % of a
// run's instructions. A difference in the middle alone shows only in what follows from it.
void Recorder::trace(std::string_view bytes) {
  constexpr std::size_t whole_max = std::size_t{1} << 16U;
  if (bytes.size() > whole_max) {
    trace_ += bytes.size();
    trace(bytes.substr(0, whole_max / 2));
    bytes.remove_prefix(bytes.size() - whole_max / 2);
  }
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
