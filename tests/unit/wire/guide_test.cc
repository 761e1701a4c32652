// The Paranoid Pirate dialect, frame by frame as the ZeroMQ Guide's programs send it
// (docs/protocol.md section 9).
#include "wire/guide.h"

#include <doctest/doctest.h>

#include <array>

#include "frames.h"
#include "samples.h"

using namespace zcrew;
using namespace zcrew::wire;
using Frames = std::vector<std::string_view>;

namespace {

ErrorCode frontend_refusal(const Frames& frames) {
  const auto result = decode_frontend(frames);
  if (result) return ErrorCode::none;
  CHECK_FALSE(result.error().native);
  return result.error().code;
}

ErrorCode backend_refusal(const Frames& frames) {
  const auto result = decode_backend(frames);
  if (result) return ErrorCode::none;
  CHECK_FALSE(result.error().native);
  return result.error().code;
}

constexpr std::string_view byte_ready("\x01", 1);
constexpr std::string_view byte_beat("\x02", 1);

}  // namespace

TEST_CASE("READY and HEARTBEAT are known in both spellings (P-9.2)") {
  const auto read = [](std::string_view frame) { return *decode_backend(Frames{frame}); };
  CHECK(read(byte_ready) == BackendMessage{GuideReady{GuideSpelling::byte}});
  CHECK(read(byte_beat) == BackendMessage{GuideHeartbeat{GuideSpelling::byte}});
  CHECK(read("READY") == BackendMessage{GuideReady{GuideSpelling::word}});
  CHECK(read("HEARTBEAT") == BackendMessage{GuideHeartbeat{GuideSpelling::word}});
}

TEST_CASE("each spelling is written as its programs expect it (P-9.2)") {
  CHECK(ready_frame(GuideSpelling::byte) == byte_ready);
  CHECK(heartbeat_frame(GuideSpelling::byte) == byte_beat);
  CHECK(ready_frame(GuideSpelling::word) == "READY");
  CHECK(heartbeat_frame(GuideSpelling::word) == "HEARTBEAT");
}

TEST_CASE("a near miss of a signal is nothing (P-9.1)") {
  for (const std::string_view frame :
       {std::string_view("\x00", 1), std::string_view("\x03", 1), std::string_view("\x01\x00", 2),
        std::string_view("ready"), std::string_view("READY "), std::string_view("HEARTBEA"),
        std::string_view("")}) {
    CHECK(backend_refusal({frame}) == ErrorCode::malformed);
  }
}

TEST_CASE("a REQ client's request is an empty frame and one body (P-9.1)") {
  const auto request = decode_frontend(Frames{"", "1"});
  REQUIRE(request.has_value());
  CHECK(*request == FrontendMessage{GuideRequest{"1"}});
  CHECK(frontend_refusal({"", ""}) == ErrorCode::none);
  // A client may say whatever it likes, READY's byte or a native message too.
  CHECK(*decode_frontend(Frames{"", byte_ready}) == FrontendMessage{GuideRequest{byte_ready}});
  CHECK(*decode_frontend(Frames{"", "\x91\x05"}) == FrontendMessage{GuideRequest{"\x91\x05"}});
}

TEST_CASE("a request of several body frames, or of none, is malformed (P-9.1)") {
  CHECK(frontend_refusal({""}) == ErrorCode::malformed);
  CHECK(frontend_refusal({"", "a", "b"}) == ErrorCode::malformed);
  CHECK(frontend_refusal({"", "MDPC01", "echo", "Hello"}) == ErrorCode::malformed);
}

TEST_CASE("a worker's reply is our envelope, an empty frame and one body (P-9.1)") {
  const std::string envelope = encode_envelope(samples::token);
  const auto reply = decode_backend(Frames{envelope, "", "1"});
  REQUIRE(reply.has_value());
  CHECK(*reply == BackendMessage{GuideReply{samples::token, "1"}});
}

TEST_CASE("a reply of any other shape is malformed (P-9.1)") {
  const std::string envelope = encode_envelope(samples::token);
  CHECK(backend_refusal({envelope}) == ErrorCode::malformed);
  CHECK(backend_refusal({envelope, ""}) == ErrorCode::malformed);
  CHECK(backend_refusal({envelope, "1"}) == ErrorCode::malformed);
  CHECK(backend_refusal({envelope, "x", "1"}) == ErrorCode::malformed);
  CHECK(backend_refusal({envelope, "", "1", "2"}) == ErrorCode::malformed);
}

TEST_CASE("a frame is empty by its size, not by its first byte (P-9.1)") {
  const std::string envelope = encode_envelope(samples::token);
  const std::string_view zero("\x00", 1);
  CHECK(backend_refusal({envelope, zero, "1"}) == ErrorCode::malformed);
  CHECK(frontend_refusal({zero, "1"}) == ErrorCode::malformed);
}

TEST_CASE("an envelope that is none of ours is malformed, not a job's (P-9.5)") {
  const std::string envelope = encode_envelope(samples::token);
  std::string other_mark = envelope;
  other_mark[0] = 'K';
  std::string priority_ten = envelope;
  priority_ten[5] = 10;
  for (const std::string& wrong : {std::string("\x4a\x00\x00\x00\x01", 5), other_mark, priority_ten,
                                   envelope + "x", envelope.substr(1), std::string(22, '\0')}) {
    CHECK_FALSE(decode_envelope(wrong).has_value());
    CHECK(backend_refusal({wrong, "", "1"}) == ErrorCode::malformed);
  }
}

TEST_CASE("an envelope brings its token back, whatever it is") {
  for (const Token& token : {Token{}, samples::token, samples::other_token}) {
    const std::string envelope = encode_envelope(token);
    CHECK(envelope.size() == envelope_bytes);
    CHECK(decode_envelope(envelope) == token);
  }
}

TEST_CASE("a Guide worker on the frontend is on the wrong socket (P-3.11)") {
  for (const std::string_view signal :
       {byte_ready, byte_beat, std::string_view("READY"), std::string_view("HEARTBEAT")}) {
    CHECK(frontend_refusal({signal}) == ErrorCode::wrong_socket);
  }
  const std::string envelope = encode_envelope(samples::token);
  CHECK(frontend_refusal({envelope, "", "1"}) == ErrorCode::wrong_socket);
}

TEST_CASE("a REQ peer on the backend is on the wrong socket (P-3.11)") {
  CHECK(backend_refusal({"", "1"}) == ErrorCode::wrong_socket);
  CHECK(backend_refusal({"", byte_ready}) == ErrorCode::wrong_socket);  // Simple Pirate
}

TEST_CASE("a Majordomo worker is not taken for one of ours (P-3.12)") {
  CHECK(backend_refusal({"", "MDPW01", byte_ready, "echo"}) == ErrorCode::malformed);
}
