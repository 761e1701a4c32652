// What became of attempts, in messages that a router takes.
#include "worker/outcome_messages.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "attempts.h"
#include "base/limits.h"
#include "wire/decode.h"

namespace zcrew::worker {
namespace {

wire::OutcomeItem done(Sequence sequence) {
  wire::OutcomeItem item;
  item.token = {{1, 5, sequence}, 1, 1};
  return item;
}

// Those of all messages, each of which must be one that a router takes.
std::vector<wire::OutcomeItem> decoded(const std::vector<std::string>& frames) {
  std::vector<wire::OutcomeItem> all;
  for (const std::string& frame : frames) {
    const auto message = wire::decode_backend(std::array<std::string_view, 1>{frame});
    REQUIRE(message);
    const auto attempts = attempts_of(std::get<wire::OutcomeMessage>(*message));
    all.insert(all.end(), attempts.begin(), attempts.end());
  }
  return all;
}

}  // namespace

TEST_CASE("a run longer than a message may have is several") {
  constexpr Sequence many = limits::entries_per_message_max + 10;
  OutcomeMessages messages;
  std::vector<std::string> frames;
  for (Sequence i = 1; i <= many; ++i) messages.add(done(i), frames);
  messages.finish(frames);
  CHECK(frames.size() == 2);
  const auto attempts = decoded(frames);
  REQUIRE(attempts.size() == many);
  CHECK(attempts.front().token == done(1).token);
  CHECK(attempts.back().token == done(many).token);
}

TEST_CASE("runs that are together more than a message may have are in several") {
  constexpr Sequence half = limits::entries_per_message_max / 2 + 1;
  OutcomeMessages messages;
  std::vector<std::string> frames;
  for (Sequence i = 1; i <= half; ++i) messages.add(done(i), frames);
  for (Sequence i = 1; i <= half; ++i) messages.add(done(1000000 + i), frames);
  messages.finish(frames);
  CHECK(frames.size() == 2);
  CHECK(decoded(frames).size() == 2 * half);
}

TEST_CASE("a message that says nothing is not made") {
  OutcomeMessages messages;
  std::vector<std::string> frames;
  messages.finish(frames);
  CHECK(frames.empty());
}

}  // namespace zcrew::worker
