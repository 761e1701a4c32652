// What arrives at a client or worker: native messages only.
#include "wire/decode.h"
#include "wire/reader.h"

namespace zcrew::wire {

Result<ToClient, DecodeError> decode_to_client(std::string_view frame) {
  return decode_native<ToClient, ToWorker>(frame);
}

Result<ToWorker, DecodeError> decode_to_worker(std::string_view frame) {
  return decode_native<ToWorker, ToClient>(frame);
}

}  // namespace zcrew::wire
