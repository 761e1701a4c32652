// Damaged and hostile frames: an answer or an error, never a crash, never memory out of proportion
// (docs/protocol.md P-3.7, P-3.12).
#include <doctest/doctest.h>

#include <vector>

#include "allocations.h"
#include "frames.h"
#include "random_message.h"
#include "samples.h"
#include "seed.h"

using namespace zcrew;
using namespace zcrew::wire;

namespace {

// The frame by all four decoders.
void decode_everywhere(std::string_view frame) {
  (void)decode_side<FrontendMessage>(frame).has_value();
  (void)decode_side<BackendMessage>(frame).has_value();
  (void)decode_side<ToClient>(frame).has_value();
  (void)decode_side<ToWorker>(frame).has_value();
}

std::size_t bytes_to_decode(std::string_view frame) {
  const std::size_t before = allocated_bytes();
  decode_everywhere(frame);
  return allocated_bytes() - before;
}

// The parser's own stack of nesting levels, for four decoders.
constexpr std::size_t parser_bytes = 4 * 1024;

// A frame in memory of exactly its size, so that a sanitizer sees any byte read behind it.
void decode_exact(std::string_view frame) {
  const std::vector<char> exact(frame.begin(), frame.end());
  decode_everywhere({exact.data(), exact.size()});
}

}  // namespace

TEST_CASE("a message that is cut short anywhere is malformed (P-3.2)") {
  samples::each([](const std::string& name, const auto& message) {
    CAPTURE(name);
    using T = std::decay_t<decltype(message)>;
    const std::string frame = frame_of(message);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      CAPTURE(size);
      const std::vector<char> cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(refusal<SideOf<T>>({cut.data(), cut.size()}) == ErrorCode::malformed);
    }
  });
}

TEST_CASE("a message with any bytes behind it is malformed (P-3.2)") {
  samples::each([](const std::string& name, const auto& message) {
    CAPTURE(name);
    using T = std::decay_t<decltype(message)>;
    for (const std::string_view garbage : {std::string_view("\0", 1), std::string_view("\xc1", 1),
                                           std::string_view("\x91\x05", 2)}) {
      CHECK(refusal<SideOf<T>>(frame_of(message) + std::string(garbage)) == ErrorCode::malformed);
    }
  });
}

TEST_CASE("any byte of a message may be any other (P-3.12)") {
  samples::each([](const char*, const auto& message) {
    const std::string frame = frame_of(message);
    for (std::size_t at = 0; at < frame.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        std::string damaged = frame;
        damaged[at] = static_cast<char>(value);
        decode_exact(damaged);
      }
    }
  });
}

TEST_CASE("random bytes are survived (P-3.12)") {
  RandomMessage random(test_seed("random bytes"));
  for (int round = 0; round < 20000; ++round) {
    std::string frame(1 + random.below(60), '\0');
    for (char& c : frame) c = static_cast<char>(random.below(256));
    // Mostly arrays with a type, so that more than the first byte is looked at.
    if (random.below(8) != 0) frame[0] = static_cast<char>(0x90 + random.below(16));
    if (random.below(2) != 0 && frame.size() > 1) frame[1] = static_cast<char>(random.below(53));
    decode_exact(frame);
  }
}

TEST_CASE("nesting deeper than 16 is malformed, 16 is not (P-3.7)") {
  const auto nested = [](const char* open, std::size_t depth) {
    std::string hex = "93 05 00 ";  // the message itself is the first level
    for (std::size_t i = 1; i < depth; ++i) hex += open;
    return bytes(hex + "c0");
  };
  CHECK(refusal<FrontendMessage>(nested("91", 16)) == ErrorCode::none);
  CHECK(refusal<FrontendMessage>(nested("91", 17)) == ErrorCode::malformed);
  CHECK(refusal<FrontendMessage>(nested("81 00", 16)) == ErrorCode::none);
  CHECK(refusal<FrontendMessage>(nested("81 00", 17)) == ErrorCode::malformed);
  const std::string deep = nested("91", 1000000);
  CHECK(refusal<FrontendMessage>(deep) == ErrorCode::malformed);
  CHECK(bytes_to_decode(deep) <= parser_bytes);
}

TEST_CASE("a count that the frame cannot hold costs no memory (P-3.7)") {
  for (const std::string hex : {
           "dd ff ff ff ff",                             // the message itself
           "dd ff ff ff ff 02",                          //
           "92 03 dd ff ff ff ff",                       // a list
           "92 03 dc 40 00",                             // as long as allowed, and empty
           "92 21 dc 40 00 92",                          //
           "94 02 01 01 dd ff ff ff ff",                 // groups
           "94 02 01 01 dc 40 00 92 91 a1 71 dc 40 00",  // groups and jobs
           "94 02 01 01 91 92 91 a1 71 dc 7f ff a0",     // payloads alone
           "92 05 df ff ff ff ff",                       // a map where a number belongs
           "93 05 00 df ff ff ff ff",                    // a map to ignore
           "93 05 00 dd ff ff ff ff",                    // an array to ignore
           "92 03 91 db ff ff ff ff",                    // bytes
           "92 03 91 c6 ff ff ff ff",                    //
           "93 05 00 c9 ff ff ff ff 00",                 // an extension
       }) {
    CAPTURE(hex);
    const std::string frame = bytes(hex);
    CHECK(refusal<FrontendMessage>(frame) != ErrorCode::none);
    CHECK(bytes_to_decode(frame) <= parser_bytes);
  }
}

TEST_CASE("more entries than a message may have are refused at once (P-3.7)") {
  std::string jobs = bytes("92 03 dc 40 01");
  for (int i = 0; i < 16385; ++i) jobs += bytes("c4 0d 00 00 00 01 05 00 00 00 00 00 00 00 01");
  CHECK(refusal<FrontendMessage>(jobs) == ErrorCode::malformed);
  CHECK(bytes_to_decode(jobs) <= parser_bytes);
  // Over several lists of one message: 32,768 groups, and then a job.
  CHECK(refusal<FrontendMessage>(bytes("94 02 01 01 dc 80 00 92 91 a1 71 91 92 00 a0")) ==
        ErrorCode::malformed);
}

TEST_CASE("memory to decode is bounded by the entries that a message may have (P-3.7)") {
  // The worst case: the smallest jobs there are, as many as a message may have, in one byte each.
  std::string frame = bytes("94 02 01 01 91 92 91 a1 71 dc 7f ff");
  frame.append(32767, '\xa0');
  CHECK(refusal<FrontendMessage>(frame) == ErrorCode::none);
  // The list grows by halves and doubles: at most three places for each entry at a time.
  CHECK(bytes_to_decode(frame) <= 3 * 32768 * sizeof(SubmitItem) + parser_bytes);
}

TEST_CASE("memory to decode what is no bare payload stays in proportion to the frame (P-3.7)") {
  std::string frame = bytes("94 02 01 01 91 92 91 a1 71 dc 40 00");
  for (int i = 0; i < 16384; ++i) frame += bytes("92 00 a0");
  CHECK(refusal<FrontendMessage>(frame) == ErrorCode::none);
  CHECK(bytes_to_decode(frame) <= 32 * frame.size());
}

TEST_CASE("a worker may list all it can hold (P-3.7, P-5.3)") {
  WorkerHello hello = samples::worker_hello();
  hello.held.assign(67000, samples::token);
  hello.finished.assign(67000, samples::token);
  hello.connection = 70000;
  CHECK(decoded<WorkerHello>(frame_of(hello)) == hello);
}

TEST_CASE("once they have grown, packers and frames are used again without memory") {
  Packer<OutcomeItem> packer;
  std::string frame;
  const auto pack = [&] {
    packer.clear();
    for (int i = 0; i < 64; ++i) packer.add(samples::outcome().entries[0]);
    encode(Heartbeat{1}, frame);
    return packer.finish().size();
  };
  pack();
  const OutcomeItem item = samples::outcome().entries[0];
  const std::size_t before = allocated_bytes();
  packer.clear();
  for (int i = 0; i < 64; ++i) packer.add(item);
  encode(Heartbeat{2}, frame);
  CHECK(packer.finish().size() > 0);
  CHECK(allocated_bytes() == before);
}
