// What arrives at the router: native messages and the Paranoid Pirate dialect, told apart by the
// first frames behind the routing id (docs/protocol.md sections 3 and 9).
#include <optional>

#include "wire/decode.h"
#include "wire/guide.h"
#include "wire/reader.h"

namespace zcrew::wire {

namespace {

using Frames = std::span<const std::string_view>;

constexpr std::string_view several_frames = "a native message of several frames";
constexpr std::string_view several_bodies = "a Guide message whose body is not one frame";
constexpr std::string_view not_ours = "an envelope frame that is none of ours";
constexpr std::string_view no_dialect = "neither a native nor a Guide message";

// Only msgpack's array formats begin with these bytes; no frame of a Guide program does.
bool opens_array(std::string_view frame) {
  if (frame.empty()) return false;
  const auto first = static_cast<unsigned char>(frame.front());
  return (first >= 0x90 && first <= 0x9f) || first == 0xdc || first == 0xdd;
}

Unexpected<DecodeError> guide_error(ErrorCode code, std::string_view text) {
  return {DecodeError{code, text, false, 0}};
}

Unexpected<DecodeError> native_error(std::string_view text) {
  return {DecodeError{ErrorCode::malformed, text, true, 0}};
}

struct Signal {
  GuideSpelling spelling;
  bool ready;
};

std::optional<Signal> guide_signal(Frames frames) {
  if (frames.size() != 1) return std::nullopt;
  for (const GuideSpelling spelling : {GuideSpelling::byte, GuideSpelling::word}) {
    if (frames[0] == ready_frame(spelling)) return Signal{spelling, true};
    if (frames[0] == heartbeat_frame(spelling)) return Signal{spelling, false};
  }
  return std::nullopt;
}

bool is_guide_reply(Frames frames) {
  return frames.size() >= 3 && !frames[0].empty() && frames[1].empty();
}

}  // namespace

Result<FrontendMessage, DecodeError> decode_frontend(Frames frames) {
  if (frames.empty()) return guide_error(ErrorCode::malformed, no_dialect);
  if (opens_array(frames[0])) {
    if (frames.size() != 1) return native_error(several_frames);
    return decode_native<FrontendMessage, BackendMessage>(frames[0]);
  }
  if (frames[0].empty()) {
    if (frames.size() != 2) return guide_error(ErrorCode::malformed, several_bodies);
    return FrontendMessage{GuideRequest{frames[1]}};
  }
  if (guide_signal(frames) || is_guide_reply(frames)) {
    return guide_error(ErrorCode::wrong_socket, fault::wrong_socket.text);
  }
  return guide_error(ErrorCode::malformed, no_dialect);
}

Result<BackendMessage, DecodeError> decode_backend(Frames frames) {
  if (frames.empty()) return guide_error(ErrorCode::malformed, no_dialect);
  if (opens_array(frames[0])) {
    if (frames.size() != 1) return native_error(several_frames);
    return decode_native<BackendMessage, FrontendMessage>(frames[0]);
  }
  if (const auto signal = guide_signal(frames)) {
    if (signal->ready) return BackendMessage{GuideReady{signal->spelling}};
    return BackendMessage{GuideHeartbeat{signal->spelling}};
  }
  if (is_guide_reply(frames)) {
    if (frames.size() != 3) return guide_error(ErrorCode::malformed, several_bodies);
    const auto token = decode_envelope(frames[0]);
    if (!token) return guide_error(ErrorCode::malformed, not_ours);
    return BackendMessage{GuideReply{*token, frames[2]}};
  }
  // A REQ client, or Simple Pirate's worker, which is one too.
  if (frames[0].empty() && frames.size() == 2) {
    return guide_error(ErrorCode::wrong_socket, fault::wrong_socket.text);
  }
  return guide_error(ErrorCode::malformed, no_dialect);
}

}  // namespace zcrew::wire
