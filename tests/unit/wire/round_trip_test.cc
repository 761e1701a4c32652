// What one side writes the other reads, whatever the fields hold.
#include <doctest/doctest.h>

#include "frames.h"
#include "random_message.h"
#include "seed.h"

using namespace zcrew;
using namespace zcrew::wire;

namespace {

constexpr int rounds = 60;

template <typename T>
void check_round_trip(RandomMessage& random) {
  T message = random.make<T>();
  if constexpr (is_batched<T>) {
    while (message.entries.empty()) message = random.make<T>();
  }
  const std::string frame = frame_of(message);
  const auto read = decoded<T>(frame);
  REQUIRE(read.has_value());
  CHECK((*read == message));
}

template <typename Variant, std::size_t... i>
void check_side(RandomMessage& random, std::index_sequence<i...>) {
  const auto check = [&]<typename T>(const T*) {
    if constexpr (NativeMessage<T>) check_round_trip<T>(random);
  };
  (check(static_cast<std::variant_alternative_t<i, Variant>*>(nullptr)), ...);
}

template <typename Variant>
void check_all(const char* test) {
  const std::uint64_t seed = test_seed(test);
  CAPTURE(seed);
  for (int round = 0; round < rounds; ++round) {
    RandomMessage random(seed + static_cast<std::uint64_t>(round));
    check_side<Variant>(random, std::make_index_sequence<std::variant_size_v<Variant>>{});
  }
}

}  // namespace

TEST_CASE("messages to the frontend come back as they were") {
  check_all<FrontendMessage>("frontend round trip");
}

TEST_CASE("messages to the backend come back as they were") {
  check_all<BackendMessage>("backend round trip");
}

TEST_CASE("messages to clients come back as they were") {
  check_all<ToClient>("client round trip");
}

TEST_CASE("messages to workers come back as they were") {
  check_all<ToWorker>("worker round trip");
}

TEST_CASE("a frame that is used again holds nothing of the message before") {
  std::string frame;
  Error error{ErrorCode::queue_full, "a long text that the next message must not show"};
  encode(error, frame);
  encode(Bye{}, frame);
  CHECK(frame == bytes("91 06"));
}

TEST_CASE("views of a decoded message point into the frame, so that nothing is copied") {
  const std::string frame = bytes("92 15") + bytes("cd 00 cb") + std::string("\xa3", 1) + "abc";
  const std::string three = bytes("93") + frame.substr(1);
  const auto error = decoded<Error>(three);
  REQUIRE(error.has_value());
  CHECK(error->text.data() == three.data() + three.size() - 3);
}
