// The Paranoid Pirate dialect of the ZeroMQ Guide (RFC 6/PPP and the two spellings of its example
// programs). Pure.
//
// A Guide worker gets [envelope][empty][body] and echoes the envelope, which is our token: fencing,
// retries and journaling work without its knowledge. A Guide client is a REQ socket: [empty][body].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/messages.h"

namespace zcrew::wire {

// 22 bytes: 'J', queue u32, priority u8, sequence u64, hand-out u32, epoch u32, all big-endian.
// Neither 17 bytes beginning with 0 nor 33 beginning with '@': the Guide's C++ zmsg class rewrites
// frames of those shapes.
inline constexpr std::size_t envelope_bytes = 22;

std::string encode_envelope(const Token& token);
std::optional<Token> decode_envelope(std::string_view frame);

std::string_view ready_frame(GuideSpelling spelling);      // "\x01" or "READY"
std::string_view heartbeat_frame(GuideSpelling spelling);  // "\x02" or "HEARTBEAT"

}  // namespace zcrew::wire
