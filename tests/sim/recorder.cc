#include "recorder.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace zcrew::sim {

void Recorder::trace(std::string_view bytes) {
  trace_ = XXH3_64bits_withSeed(bytes.data(), bytes.size(), trace_);
}

}  // namespace zcrew::sim
