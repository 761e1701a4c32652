// What a receiver must put up with (docs/protocol.md section 3).
#include <doctest/doctest.h>

#include "base/limits.h"
#include "frames.h"
#include "samples.h"

using namespace zcrew;
using namespace zcrew::wire;

namespace {

// One more element at the end of the message's array.
std::string with_trailing(std::string frame, std::string_view hex) {
  frame[0] = static_cast<char>(frame[0] + 1);
  return frame + bytes(hex);
}

// What a later version might add: every kind of element, nested ones too.
constexpr std::array later_elements = {
    "00",
    "ff",
    "c0",
    "c2",
    "ca 40 a0 00 00",
    "cb 40 14 00 00 00 00 00 00",
    "a3 6e 65 77",
    "c4 02 01 02",
    "d4 01 05",
    "c7 03 07 01 02 03",
    "90",
    "80",
    "93 01 c0 a1 78",
    "82 a1 61 01 a1 62 92 01 02",
    "81 91 80 81 c0 91 91 90",
    "91 91 91 91 91 91 91 91 91 91 91 91 91 91 c0",
};

}  // namespace

TEST_CASE("elements behind a message's last are ignored (P-3.5)") {
  for (const char* element : later_elements) {
    const std::string later = element;
    CAPTURE(later);
    const auto check = [&](const std::string& name, const auto& message) {
      CAPTURE(name);
      using T = std::decay_t<decltype(message)>;
      // Short messages lack elements that the new one would be taken for.
      if (name.find("_short") != std::string_view::npos) return;
      CHECK((decoded<T>(with_trailing(frame_of(message), later)) == message));
    };
    samples::each(check);
  }
}

TEST_CASE("elements behind a known array's last are ignored, at every depth (P-3.5)") {
  const std::string plain = bytes(
      "94 02 01 01 91 92 91 a1 71"
      "92 93 00 a1 78 a0 92 01 a1 79");
  // In the group two, in the options one behind all nine, in the first job two.
  const std::string extended = bytes(
      "94 02 01 01 91 94 9a a1 71 05 00 00 00 00 00 00 c2 93 01 02 03"
      "92 95 00 a1 78 a0 c0 81 01 90 92 01 a1 79 c0 91 c0");
  const auto expected = decoded<Submit>(plain);
  REQUIRE(expected.has_value());
  CHECK(decoded<Submit>(extended) == expected);
}

TEST_CASE("optional elements that are missing have their defaults (P-3.6)") {
  const std::string frame = bytes("94 02 01 01 91 92 91 a1 71 91 92 00 a1 78");
  const auto submit = decoded<Submit>(frame);
  REQUIRE(submit.has_value());
  JobOptions options;
  options.queue = "q";
  CHECK(submit->groups[0].options == options);
  CHECK(submit->groups[0].options.priority == 5);
  CHECK(submit->groups[0].items[0].key.empty());
  CHECK(decoded<Heartbeat>(bytes("91 05")) == Heartbeat{0});
}

TEST_CASE("a payload without its array is an item behind the one before (P-4.19)") {
  // "x", index 7 with "y", "z", then a group of "v" and, as str, "w".
  const std::string frame = bytes(
      "94 02 01 01 92 92 91 a1 71 93 c4 01 78 92 07 c4 01 79 c4 01 7a"
      "92 91 a1 72 92 c4 01 76 a1 77");
  const auto submit = decoded<Submit>(frame);
  REQUIRE(submit.has_value());
  REQUIRE(submit->groups.size() == 2);
  CHECK(submit->groups[0].items ==
        std::vector<SubmitItem>{{0, "x", {}}, {7, "y", {}}, {8, "z", {}}});
  CHECK(submit->groups[1].items == std::vector<SubmitItem>{{0, "v", {}}, {1, "w", {}}});
  // Nothing but an array or bytes is an item.
  for (const std::string item : {"07", "c3", "c0", "80"}) {
    CAPTURE(item);
    CHECK(refusal<FrontendMessage>(bytes("94 02 01 01 91 92 91 a1 71 91 " + item)) ==
          ErrorCode::malformed);
  }
}

TEST_CASE("items of RUN, OUTCOME and SETTLED are read in both forms, in any mixture (P-5.20)") {
  const std::string token = "00 00 00 03 05 00 00 00 00 00 10 00 01 00 00 00 02 00 00 00 07";
  const std::string runs = bytes("92 31 94 c4 17 " + token + "78 79 92 c4 15 " + token +
                                 "a1 7a c4 15 " + token + "b6 " + token + "77");
  const auto run = decoded<RunMessage>(runs);
  REQUIRE(run.has_value());
  CHECK(run->entries == std::vector<RunItem>{{samples::token, 1, 0, "xy"},
                                             {samples::token, 1, 0, "z"},
                                             {samples::token, 1, 0, ""},
                                             {samples::token, 1, 0, "w"}});
  const std::string outcomes = bytes(
      "92 21 92 c4 21 " + token + "00 00 00 05 ff ff ff ff 00 00 00 09 92 c4 15 " + token + "07");
  const auto outcome = decoded<OutcomeMessage>(outcomes);
  REQUIRE(outcome.has_value());
  CHECK(outcome->entries ==
        std::vector<OutcomeItem>{{samples::token, Outcome::done, 5, 0xFFFFFFFF, 0, {}, 9},
                                 {samples::token, Outcome::done, 7, 0, 0, {}}});

  CHECK(refusal<ToWorker>(bytes("92 31 91 c4 14 " + token.substr(3))) == ErrorCode::malformed);
  CHECK(refusal<ToWorker>(bytes("92 31 91 07")) == ErrorCode::malformed);
  CHECK(refusal<BackendMessage>(bytes("92 21 91 c4 15 " + token)) == ErrorCode::malformed);
  CHECK(refusal<BackendMessage>(bytes("92 21 91 c4 1d " + token + "00 00 00 05 00 00 00 06")) ==
        ErrorCode::malformed);
  // A priority that does not exist.
  const std::string tenth = "00 00 00 03 0a" + token.substr(14);
  CHECK(refusal<BackendMessage>(
            bytes("92 21 91 c4 21 " + tenth + "00 00 00 05 00 00 00 06 00 00 00 01")) ==
        ErrorCode::malformed);
}

TEST_CASE("a run has one attempt or more, and counts as that many (P-5.21)") {
  const auto settled = [](std::vector<TokenRun> runs) { return frame_of(SettledMessage{runs}); };
  const std::uint32_t most = limits::entries_per_message_max;
  const SettledMessage full{{{samples::token, most - 1}, {samples::other_token}}};
  CHECK(decoded<SettledMessage>(frame_of(full)) == full);
  Packer<TokenRun> packer;
  packer.add({samples::token, most - 1});
  CHECK_FALSE(packer.has_room_for({samples::other_token, 2}));

  std::string too_many = frame_of(full);
  const std::string number = bytes("cd 3f ff");
  too_many.replace(too_many.find(number), number.size(), bytes("cd 40 00"));
  CHECK(refusal<ToWorker>(too_many) == ErrorCode::malformed);
  CHECK(refusal<ToWorker>(settled({{samples::token, 0}})) == ErrorCode::malformed);

  const auto done = [](std::uint32_t count) {
    OutcomeMessage message;
    message.entries.push_back({samples::token, Outcome::done, 5, 6, 0, {}, 3});
    std::string frame = frame_of(message);
    store_big(frame.data() + frame.size() - sizeof count, count);
    return frame;
  };
  CHECK(decoded<OutcomeMessage>(done(most))->entries[0].count == most);
  CHECK(refusal<BackendMessage>(done(0)) == ErrorCode::malformed);
  CHECK(refusal<BackendMessage>(done(most + 1)) == ErrorCode::malformed);
}

TEST_CASE("numbers are read in every msgpack format that holds them (P-3.3)") {
  for (const std::string five :
       {"05", "cc 05", "cd 00 05", "ce 00 00 00 05", "cf 00 00 00 00 00 00 00 05", "d0 05",
        "d1 00 05", "d2 00 00 00 05", "d3 00 00 00 00 00 00 00 05"}) {
    CAPTURE(five);
    CHECK(decoded<Heartbeat>(bytes("92 05 " + five)) == Heartbeat{5});
    CHECK(decoded<Heartbeat>(bytes("91 " + five)) == Heartbeat{0});
  }
  CHECK(decoded<Heartbeat>(bytes("92 05 cf ff ff ff ff ff ff ff ff")) ==
        Heartbeat{18446744073709551615ULL});
}

TEST_CASE("str and bin are read alike, in every length format (P-3.4)") {
  for (const std::string abc :
       {"a3 61 62 63", "d9 03 61 62 63", "da 00 03 61 62 63", "db 00 00 00 03 61 62 63",
        "c4 03 61 62 63", "c5 00 03 61 62 63", "c6 00 00 00 03 61 62 63"}) {
    CAPTURE(abc);
    const auto frame = bytes("94 07 01 " + abc + abc);
    CHECK(decoded<Admin>(frame) == Admin{1, "abc", "abc"});
  }
  for (const std::string empty :
       {"a0", "d9 00", "da 00 00", "db 00 00 00 00", "c4 00", "c5 00 00", "c6 00 00 00 00"}) {
    CAPTURE(empty);
    const auto frame = bytes("94 07 01 " + empty + empty);
    CHECK(decoded<Admin>(frame) == Admin{1, "", ""});
  }
}

TEST_CASE("ids may come as str, and arrays in every length format (P-3.3, P-3.4)") {
  const std::string id = "00 00 00 03 05 00 00 00 00 00 10 00 01";
  const Ask expected{{samples::job}};
  CHECK(decoded<Ask>(bytes("92 03 91 ad " + id)) == expected);
  CHECK(decoded<Ask>(bytes("dc 00 02 03 dc 00 01 c4 0d " + id)) == expected);
  CHECK(decoded<Ask>(bytes("dd 00 00 00 02 03 dd 00 00 00 01 d9 0d " + id)) == expected);
}

TEST_CASE("empty lists are read") {
  CHECK(decoded<Ask>(bytes("92 03 90")) == Ask{});
  CHECK(decoded<Ask>(bytes("92 03 dd 00 00 00 00")) == Ask{});
  CHECK(decoded<OutcomeMessage>(bytes("92 21 90")) == OutcomeMessage{});
}

TEST_CASE("an error number of a newer peer is read (P-10.1)") {
  const auto error = decoded<Error>(bytes("93 15 cd ff ff a1 78"));
  REQUIRE(error.has_value());
  CHECK(static_cast<int>(error->code) == 65535);
}
