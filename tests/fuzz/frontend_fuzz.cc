// Fuzzes decode_frontend().
#include "wire_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zcrew::wire;
  const auto frames = split_frames(as_text(data, size));
  check_result(decode_frontend(frames));
  return 0;
}
