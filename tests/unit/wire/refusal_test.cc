// What a receiver refuses, and with which code (docs/protocol.md section 3).
#include <doctest/doctest.h>

#include "frames.h"
#include "samples.h"

using namespace zcrew;
using namespace zcrew::wire;

namespace {

// A frame is refused as malformed by whoever could get it.
void check_malformed(const std::string& hex) {
  CAPTURE(hex);
  const std::string frame = bytes(hex);
  CHECK(refusal<FrontendMessage>(frame) == ErrorCode::malformed);
  CHECK(refusal<BackendMessage>(frame) == ErrorCode::malformed);
  CHECK(refusal<ToClient>(frame) == ErrorCode::malformed);
  CHECK(refusal<ToWorker>(frame) == ErrorCode::malformed);
}

}  // namespace

TEST_CASE("a native message of several frames is malformed (P-3.1)") {
  std::string hello;
  encode(samples::client_hello(), hello);
  const std::array<std::string_view, 2> twice = {hello, hello};
  const auto frontend = decode_frontend(twice);
  REQUIRE_FALSE(frontend.has_value());
  CHECK(frontend.error().code == ErrorCode::malformed);
  CHECK(frontend.error().native);

  std::string beat;
  encode(Heartbeat{}, beat);
  const std::array<std::string_view, 3> spread = {beat, "", "body"};
  const auto backend = decode_backend(spread);
  REQUIRE_FALSE(backend.has_value());
  CHECK(backend.error().code == ErrorCode::malformed);
  CHECK(backend.error().native);
}

TEST_CASE("what is no array with a type number in front is malformed (P-3.2)") {
  for (const std::string hex :
       {"", "00", "05", "c0", "a5 68 65 6c 6c 6f", "81 05 06", "90", "91 c0", "91 a1 78", "91 c3",
        "91 91 05", "91 80", "91 ff", "91 c1", "c1", "91 ca 40 a0 00 00", "92 d4 01 05 00"}) {
    check_malformed(hex);
  }
}

TEST_CASE("bytes behind the message make it malformed (P-3.2)") {
  check_malformed("91 05 00");
  check_malformed("91 05 91 05");
  check_malformed("91 06 c1");
}

TEST_CASE("a native sender's refusal names the message, a stranger's is not answered (P-3.12)") {
  const std::string cut = bytes("94 02 01");
  const auto native = decode_frontend(std::array<std::string_view, 1>{cut});
  REQUIRE_FALSE(native.has_value());
  CHECK(native.error().native);
  CHECK(native.error().type == static_cast<std::uint8_t>(Type::submit));
  CHECK_FALSE(native.error().text.empty());

  const auto stranger = decode_frontend(std::array<std::string_view, 1>{"GET / HTTP/1.1"});
  REQUIRE_FALSE(stranger.has_value());
  CHECK_FALSE(stranger.error().native);
}

TEST_CASE("no frame at all is malformed") {
  CHECK(decode_frontend({}).error().code == ErrorCode::malformed);
  CHECK(decode_backend({}).error().code == ErrorCode::malformed);
}

TEST_CASE("negative numbers and fractions are malformed where a number belongs (P-3.3)") {
  check_malformed("92 05 ff");
  check_malformed("92 05 d0 80");
  check_malformed("92 05 d3 ff ff ff ff ff ff ff ff");
  check_malformed("92 05 ca 40 a0 00 00");
  check_malformed("92 05 cb 40 14 00 00 00 00 00 00");
}

TEST_CASE("an element of the wrong type is malformed (P-3.6)") {
  for (const std::string hex :
       {"92 03 c0", "92 03 00", "92 03 a0", "92 03 80", "92 03 91 00", "92 03 91 91 00",
        "94 07 a0 a0 a0", "94 07 00 00 a0", "94 07 00 a0 90", "94 07 00 a0 c3"}) {
    CAPTURE(hex);
    CHECK(refusal<FrontendMessage>(bytes(hex)) == ErrorCode::malformed);
  }
}

TEST_CASE("a required element that is missing makes a message malformed (P-3.6)") {
  CHECK(refusal<FrontendMessage>(bytes("91 03")) == ErrorCode::malformed);
  CHECK(refusal<FrontendMessage>(bytes("93 07 00 a0")) == ErrorCode::malformed);
  CHECK(refusal<FrontendMessage>(bytes("93 02 01 01")) == ErrorCode::malformed);
  // A group without jobs' list, a job without payload, options without a queue.
  CHECK(refusal<FrontendMessage>(bytes("94 02 01 01 91 91 91 a1 71")) == ErrorCode::malformed);
  CHECK(refusal<FrontendMessage>(bytes("94 02 01 01 91 92 91 a1 71 91 91 00")) ==
        ErrorCode::malformed);
  CHECK(refusal<FrontendMessage>(bytes("94 02 01 01 91 92 90 90")) == ErrorCode::malformed);
  CHECK(refusal<FrontendMessage>(bytes("94 02 01 01 91 92 91 a1 71 90")) == ErrorCode::none);
}

TEST_CASE("ids of another size, or with a priority that does not exist, are malformed (P-3.6)") {
  const std::string twelve = "92 03 91 c4 0c 00 00 00 01 05 00 00 00 00 00 00 00";
  const std::string good = "92 03 91 c4 0d 00 00 00 01 09 00 00 00 00 00 00 00 01";
  const std::string tenth = "92 03 91 c4 0d 00 00 00 01 0a 00 00 00 00 00 00 00 01";
  CHECK(refusal<FrontendMessage>(bytes(twelve)) == ErrorCode::malformed);
  CHECK(refusal<FrontendMessage>(bytes(good)) == ErrorCode::none);
  CHECK(refusal<FrontendMessage>(bytes(tenth)) == ErrorCode::malformed);
  CHECK(refusal<ToWorker>(bytes("92 32 91 c4 01 00")) == ErrorCode::malformed);
  CHECK(refusal<FrontendMessage>(bytes("94 01 01 c4 01 00 01")) == ErrorCode::malformed);
}

TEST_CASE("an identifier or count that does not fit its type is malformed (P-3.8)") {
  // ERROR's code is u16, CAPACITY's weight u32, an outcome and an end are enumerations.
  CHECK(refusal<ToClient>(bytes("92 15 ce 00 01 00 00")) == ErrorCode::malformed);
  CHECK(refusal<ToWorker>(bytes("93 33 cf 00 00 00 01 00 00 00 00 00")) == ErrorCode::malformed);
  const std::string token = " 00 00 00 01 05 00 00 00 00 00 00 00 01 00 00 00 01 00 00 00 01";
  CHECK(refusal<BackendMessage>(bytes("92 21 91 94 c4 15" + token + "00 00 03")) ==
        ErrorCode::none);
  CHECK(refusal<BackendMessage>(bytes("92 21 91 94 c4 15" + token + "00 00 04")) ==
        ErrorCode::malformed);
}

TEST_CASE("numbers that begin at 1 are not 0 (P-3.8)") {
  CHECK(refusal<FrontendMessage>(bytes("94 02 00 01 90")) == ErrorCode::malformed);  // batch
  CHECK(refusal<FrontendMessage>(bytes("94 02 01 00 90")) == ErrorCode::malformed);  // floor
  CHECK(refusal<FrontendMessage>(bytes("94 02 01 01 90")) == ErrorCode::none);
  WorkerWelcome welcome = samples::worker_welcome();
  welcome.heartbeat_ms = 0;
  CHECK(refusal<ToWorker>(frame_of(welcome)) == ErrorCode::malformed);
  welcome = samples::worker_welcome();
  welcome.liveness = 0;
  CHECK(refusal<ToWorker>(frame_of(welcome)) == ErrorCode::malformed);
}

TEST_CASE("options out of range are read, for the core to name them (P-3.8, P-4.7)") {
  // Priority 300, 2^40 attempts, result 77.
  const std::string frame = bytes(
      "94 02 01 01 91 92 98 a1 71 cd 01 2c 00 cf 00 00 01 00 00 00 00 00 00 00 00 4d"
      "91 92 00 a1 78");
  const auto submit = decoded<Submit>(frame);
  REQUIRE(submit.has_value());
  const JobOptions& options = submit->groups[0].options;
  CHECK(options.priority == 255);
  CHECK(options.attempts == 4294967295U);
  CHECK(options.result > ResultMode::keep);
}

TEST_CASE("a worker's settings out of range are read, for the core to name them (P-3.8, P-5.2)") {
  const std::string frame = bytes(
      "97 20 01 c4 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 a1 77"
      "cf 00 00 01 00 00 00 00 00 ce ff ff ff ff 90");
  const auto hello = decoded<WorkerHello>(frame);
  REQUIRE(hello.has_value());
  CHECK(hello->weight == 4294967295U);
  CHECK(hello->concurrency == 4294967295U);
}

TEST_CASE("a type nobody knows is refused as such (P-3.9)") {
  for (const std::string hex : {"91 00", "91 08", "91 7f", "91 23", "91 35", "91 cd 01 05",
                                "91 cf ff ff ff ff ff ff ff ff", "93 63 c0 c0"}) {
    CAPTURE(hex);
    const std::string frame = bytes(hex);
    CHECK(refusal<FrontendMessage>(frame) == ErrorCode::unknown_message);
    CHECK(refusal<BackendMessage>(frame) == ErrorCode::unknown_message);
    CHECK(refusal<ToClient>(frame) == ErrorCode::unknown_message);
    CHECK(refusal<ToWorker>(frame) == ErrorCode::unknown_message);
  }
}

TEST_CASE("the router's own messages are unknown to the router (P-3.9)") {
  CHECK(refusal<FrontendMessage>(frame_of(samples::error())) == ErrorCode::unknown_message);
  CHECK(refusal<BackendMessage>(frame_of(samples::worker_welcome())) == ErrorCode::unknown_message);
}

TEST_CASE("another version is refused as such, whatever follows it (P-3.10)") {
  for (const std::string hex : {"92 01 02", "92 01 00", "94 01 cd 03 e8 c0 c0",
                                "96 01 02 c3 90 80 a0", "92 01 cf ff ff ff ff ff ff ff ff"}) {
    CAPTURE(hex);
    CHECK(refusal<FrontendMessage>(bytes(hex)) == ErrorCode::version_unsupported);
  }
  CHECK(refusal<BackendMessage>(bytes("92 20 02")) == ErrorCode::version_unsupported);
  CHECK(refusal<ToClient>(bytes("92 10 02")) == ErrorCode::version_unsupported);
  CHECK(refusal<ToWorker>(bytes("92 30 02")) == ErrorCode::version_unsupported);
}

TEST_CASE("a message for the other socket is refused as such (P-3.11)") {
  CHECK(refusal<FrontendMessage>(frame_of(samples::worker_hello())) == ErrorCode::wrong_socket);
  CHECK(refusal<FrontendMessage>(frame_of(samples::outcome())) == ErrorCode::wrong_socket);
  CHECK(refusal<BackendMessage>(frame_of(samples::client_hello())) == ErrorCode::wrong_socket);
  CHECK(refusal<BackendMessage>(frame_of(samples::admin())) == ErrorCode::wrong_socket);
  CHECK(refusal<ToClient>(frame_of(samples::run())) == ErrorCode::wrong_socket);
  CHECK(refusal<ToWorker>(frame_of(samples::confirm())) == ErrorCode::wrong_socket);
}
