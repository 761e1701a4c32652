// The bytes of protocol version 1, which never change: tests/golden/wire1 (layouts of
// docs/protocol.md sections 4, 5, 8, 9, 10).
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "frames.h"
#include "samples.h"
#include "wire/guide.h"
#include "wire/layout.h"

using namespace zcrew;
using namespace zcrew::wire;

namespace {

const std::filesystem::path golden = std::filesystem::path(ZCREW_SOURCE_DIR) / "tests/golden/wire1";

std::string golden_bytes(const std::string& name) {
  std::ifstream file(golden / (name + ".hex"));
  REQUIRE_MESSAGE(file.good(), "no golden file for ", name);
  std::stringstream text;
  text << file.rdbuf();
  return bytes(text.str());
}

}  // namespace

TEST_CASE("each message of version 1 is written in its golden bytes") {
  samples::each([](const std::string& name, const auto& message) {
    CAPTURE(name);
    CHECK(to_hex(frame_of(message)) == to_hex(golden_bytes(name)));
  });
}

TEST_CASE("the golden bytes of version 1 are read as what they were written from") {
  samples::each([](const std::string& name, const auto& message) {
    CAPTURE(name);
    const std::string frame = golden_bytes(name);
    const auto read = decoded<std::decay_t<decltype(message)>>(frame);
    REQUIRE(read.has_value());
    CHECK((*read == message));
  });
}

TEST_CASE("the full samples leave no element of their message out") {
  samples::each([](const std::string& name, const auto& message) {
    CAPTURE(name);
    if (name.find("_short") != std::string::npos) return;
    using T = std::decay_t<decltype(message)>;
    const auto elements = static_cast<unsigned char>(frame_of(message)[0]) - 0x90U;
    CHECK(elements == 1 + Layout<T>::count);
  });
}

TEST_CASE("the envelope of a Guide worker has its golden bytes (P-9.1)") {
  CHECK(to_hex(encode_envelope(samples::token)) == to_hex(golden_bytes("guide_envelope")));
  CHECK(to_hex(encode_envelope(samples::other_token)) ==
        to_hex(golden_bytes("guide_envelope_largest")));
}

TEST_CASE("no golden file is without its sample") {
  std::set<std::string> names = {"guide_envelope", "guide_envelope_largest"};
  samples::each([&](const std::string& name, const auto&) { names.insert(name); });
  for (const auto& file : std::filesystem::directory_iterator(golden)) {
    CHECK_MESSAGE(names.count(file.path().stem().string()) == 1, file.path().string());
  }
}
