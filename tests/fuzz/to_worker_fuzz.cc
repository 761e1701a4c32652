// Fuzzes decode_to_worker().
#include "wire_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zcrew::wire;
  check_result(decode_to_worker(as_text(data, size)));
  return 0;
}
