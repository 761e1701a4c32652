// A conversation with a session, in words: what it wants sent, done and told, line by line.
//
//   Talk talk;
//   talk.link_up();
//   talk.submit("a");
//   CHECK(talk.turn() == Lines{"SUBMIT 1 floor=1 default: 0=a"});
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "client/session.h"

namespace zcrew::client {

using Lines = std::vector<std::string>;

// A line, or nothing if there is none.
inline std::string at(const Lines& lines, std::size_t index) {
  return index < lines.size() ? lines[index] : std::string();
}
inline std::string first(const Lines& lines) { return at(lines, 0); }
inline std::string last(const Lines& lines) { return lines.empty() ? "" : lines.back(); }

Job job(std::string payload, std::string queue = "default", bool wants_result = false);
std::string words(const Outgoing& message);
std::string words(const Event& event);

struct Talk {
  Talk();

  Ticket submit(std::string payload, std::string queue = "default", bool wants_result = false);
  Ticket submit(Job what);
  // Judges and flushes; all that was wanted since the last turn: events, then messages, close,
  // open.
  Lines turn();
  // Lets time pass, then a turn.
  Lines pass(Duration time);

  // open, connected, HELLO, WELCOME; what they caused is not shown.
  void link_up(std::uint64_t last_batch = 0);
  void connect();
  wire::ClientWelcome welcome(std::uint64_t last_batch = 0) const;
  void hear(const wire::ToClient& message);
  void confirm(std::uint64_t batch, std::uint32_t index, std::uint32_t count, Sequence first);
  void result(std::uint64_t batch, std::uint32_t index, Sequence sequence,
              std::string_view bytes = "");
  void refuse(std::uint64_t batch, wire::ErrorCode code, std::uint64_t last_batch = 0,
              std::vector<wire::ItemError> items = {}, std::uint64_t retry_after_ms = 0);
  void lose_link();

  Instant now{std::chrono::hours{1}};
  Session session;
  Effects effects;
  std::uint32_t window_jobs = 16384;
  std::uint64_t window_bytes = std::uint64_t{16} << 20U;
  std::uint64_t payload_bytes_max = 1U << 20U;
};

inline JobId id(Sequence sequence) { return {1, 5, sequence}; }

}  // namespace zcrew::client

// A failed comparison shows the lines.
template <>
struct doctest::StringMaker<zcrew::client::Lines> {
  static String convert(const zcrew::client::Lines& lines) {
    std::string text = "[";
    for (const std::string& each : lines) text += "\n    " + each;
    return (text + "]").c_str();
  }
};
