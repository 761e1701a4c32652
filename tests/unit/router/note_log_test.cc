#include "router/note_log.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace zcrew::router {
namespace {

using core::Note;
using core::NoteKind;

struct Lines {
  std::vector<std::string> texts;
  NoteLog log{[this](LogLevel, const std::string& text) { texts.push_back(text); }};
};

constexpr Instant at(std::int64_t ms) { return Instant{Milliseconds{1000000 + ms}}; }

TEST_CASE("a flood of one kind is cut at ten lines and summed up in one") {
  Lines lines;
  for (int i = 0; i < 25; ++i) lines.log.write({NoteKind::malformed, "bad"}, at(i));
  CHECK(lines.texts.size() == 10);
  lines.log.catch_up(at(999));
  CHECK(lines.texts.size() == 10);
  lines.log.catch_up(at(1000));
  REQUIRE(lines.texts.size() == 11);
  CHECK(lines.texts.back().find("15 more malformed messages") != std::string::npos);
}

TEST_CASE("the next second starts with the sum of the one before") {
  Lines lines;
  for (int i = 0; i < 12; ++i) lines.log.write({NoteKind::batch_refused, "no"}, at(0));
  lines.log.write({NoteKind::batch_refused, "again"}, at(1500));
  REQUIRE(lines.texts.size() == 12);
  CHECK(lines.texts[10].find("2 more") != std::string::npos);
  CHECK(lines.texts[11] == "again");
}

TEST_CASE("kinds are bounded apart from each other") {
  Lines lines;
  for (int i = 0; i < 25; ++i) lines.log.write({NoteKind::malformed, "bad"}, at(0));
  lines.log.write({NoteKind::outcome_stale, "stale"}, at(0));
  CHECK(lines.texts.back() == "stale");
}

TEST_CASE("the deaths of a hundred workers are told one by one") {
  Lines lines;
  for (int i = 0; i < 100; ++i) lines.log.write({NoteKind::worker_dead, "dead"}, at(0));
  CHECK(lines.texts.size() == 100);
}

TEST_CASE("nothing is told twice") {
  Lines lines;
  for (int i = 0; i < 11; ++i) lines.log.write({NoteKind::malformed, "bad"}, at(0));
  lines.log.catch_up(at(2000));
  lines.log.catch_up(at(4000));
  CHECK(lines.texts.size() == 11);
}

}  // namespace
}  // namespace zcrew::router
