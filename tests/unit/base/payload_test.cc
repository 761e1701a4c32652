// A payload's bytes outlive the message they came with, each other, and nothing else.
#include "base/payload.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace zcrew;

TEST_CASE("a payload keeps its bytes when the message is gone, and its copies share them") {
  std::string message = "some bytes";
  Payload payload = Payload::copy_of(message);
  message.assign(message.size(), '-');
  Payload copy = payload;
  CHECK(copy.view() == "some bytes");
  CHECK(copy.view().data() == payload.view().data());
  payload = Payload::copy_of("others");
  CHECK(copy.view() == "some bytes");
  CHECK(payload.view() == "others");
  const Payload moved = std::move(copy);
  CHECK(moved.view() == "some bytes");
  CHECK(moved.size() == 10);
}

TEST_CASE("an empty payload has no bytes, and one that was moved from is empty") {
  CHECK(Payload{}.view().empty());
  Payload payload = Payload::copy_of("x");
  const Payload taken = std::move(payload);
  CHECK(payload.size() == 0);  // NOLINT(bugprone-use-after-move): what this is about
  PayloadCopies copies;
  CHECK(copies.copy_of("").view().empty());
}

TEST_CASE("small payloads of a message stand side by side, and each keeps them while it lives") {
  std::vector<Payload> payloads;
  {
    PayloadCopies copies;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
      payloads.push_back(copies.copy_of(std::string(100, letter)));
    }
  }
  CHECK(payloads[1].view().data() == payloads[0].view().data() + 100);
  // The pieces of these two lose all others.
  const Payload early = payloads[3];
  const Payload late = payloads[25];
  payloads.clear();
  CHECK(early.view() == std::string(100, 'd'));
  CHECK(late.view() == std::string(100, 'z'));
}

TEST_CASE("a large payload among small ones is by itself, and moves none of them") {
  PayloadCopies copies;
  const Payload before = copies.copy_of("before");
  const Payload large = copies.copy_of(std::string(100000, 'L'));
  const Payload behind = copies.copy_of("behind");
  CHECK(large.view() == std::string(100000, 'L'));
  CHECK(behind.view().data() == before.view().data() + 6);
}
