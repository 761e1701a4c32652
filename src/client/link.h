// The state of a client's connection, and its deadlines: when to connect, to beat, to give up.
// Pure.
//
//   waiting ──open──► connecting ──connected──► greeting ──WELCOME──► up
//      ▲                                           ▲                   │
//      └──────────────── lost, silent ─────────────┴──── hello again ──┘
//
// `now` must not go backwards between calls. Silence is judged by due(), so a caller reads what has
// arrived before it asks.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "core/prng.h"

namespace zcrew::client {

class Link {
 public:
  enum class State : std::uint8_t { waiting, connecting, greeting, up };
  enum class Due : std::uint8_t {
    nothing,
    open,    // make a connection: opened()
    notice,  // nobody answered for most of a second: tell the user; the attempt goes on
    hello,   // a HELLO: hello_sent()
    beat,    // a HEARTBEAT: beat_sent()
    silent,  // the router is gone, or does not answer HELLO: lost()
  };

  Link(std::uint64_t seed, Instant now);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_up() const { return state_ == State::up; }
  // Whether messages may be sent.
  [[nodiscard]] bool is_connected() const {
    return state_ == State::greeting || state_ == State::up;
  }

  // What is due; to be carried out before the next question.
  [[nodiscard]] Due due(Instant now);
  // When due() may change its mind without anything else happening.
  [[nodiscard]] Instant next_deadline() const;

  void opened();
  void connected(Instant now);
  void hello_sent(Instant now);
  void welcomed(Instant now, Duration heartbeat, std::uint32_t liveness);
  // HELLO once more on this connection.
  void greet_again();
  void beat_sent(Instant now);
  // The connection is over; due() says when to make the next.
  void lost(Instant now);
  // As lost(), by a router that will say the same again: no quick retry.
  void turned_away(Instant now);

  void heard(Instant now);
  // A message of this size is on its way, in either direction: patience grows by its travel time.
  void expect_delay(Instant now, std::uint64_t bytes);

  // At 1 MiB/s, as the protocol has it.
  [[nodiscard]] static Duration travel_time(std::uint64_t bytes);

  // How long silence lasts until it means something.
  [[nodiscard]] Duration silence() const { return heartbeat_ * liveness_; }
  [[nodiscard]] Duration heartbeat() const { return heartbeat_; }

 private:
  [[nodiscard]] Duration backoff();

  core::Prng prng_;
  State state_ = State::waiting;
  bool hello_due_ = false;
  bool notice_given_ = false;
  std::uint32_t failures_ = 0;  // in a row
  Instant open_at_;
  Instant notice_at_;
  std::optional<Instant> up_since_;
  Instant beat_at_{};
  Instant silent_at_{};
  // The router's defaults, until its WELCOME names its own.
  Duration heartbeat_ = std::chrono::seconds{1};
  std::uint32_t liveness_ = 3;
};

}  // namespace zcrew::client
