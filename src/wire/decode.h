// Frames to messages. Total: any bytes give a message or an error, never an exception other than
// std::bad_alloc, never an assertion, never an allocation out of proportion to the frame. Pure.
//
// The router's side takes all frames behind the routing id, since Guide peers use several; a native
// message is exactly one frame. A decoded message's views point into the frames.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "wire/messages.h"

namespace zcrew::wire {

// `code` is malformed, unknown_message, version_unsupported or wrong_socket; `text` is a literal
// that names what was wrong. `native` tells whether the sender can understand an ERROR reply (a
// Guide peer cannot and gets none). `type` is the message's type number, for logs; 0 if it has
// none, 255 for all above.
struct DecodeError {
  ErrorCode code = ErrorCode::malformed;
  std::string_view text;
  bool native = false;
  std::uint8_t type = 0;
};

Result<FrontendMessage, DecodeError> decode_frontend(std::span<const std::string_view> frames);
Result<BackendMessage, DecodeError> decode_backend(std::span<const std::string_view> frames);
Result<ToClient, DecodeError> decode_to_client(std::string_view frame);
Result<ToWorker, DecodeError> decode_to_worker(std::string_view frame);

}  // namespace zcrew::wire
