// Connections between programs and the router: delay and order per direction, bandwidth, and every
// way to break: at both ends, at one only (half-open), in one direction for a while (a partition).
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/event.h"
#include "options.h"
#include "recorder.h"
#include "schedule.h"

namespace zcrew::sim {

class Program;
class RouterProcess;

using Frames = std::vector<std::string>;  // one ZeroMQ message

// A program's host: what passes between it and the router, and how fast.
struct HostLink {
  Instant up_blocked{};    // nothing reaches the router before …
  Instant down_blocked{};  // … or the program
  std::uint64_t bytes_per_s = std::uint64_t{1} << 30U;
};

// One TCP connection: in order both ways, loses what is under way when it breaks.
struct Connection {
  Peer peer{};
  core::Side side = core::Side::frontend;
  Program* program = nullptr;
  std::string who;  // the process that made it
  unsigned router_life = 0;
  bool made = false;
  bool passes = false;      // false again once it is broken …
  bool router_has = false;  // … though this end may not know
  bool welcomed = false;    // WELCOME was received on it: the program's session is on it
  Instant up{};             // when the last message arrives at the router …
  Instant down{};           // … and at the program
};
using Line = Connection*;  // lives as long as the network

class Network {
 public:
  Network(Schedule& schedule, Chance& chance, Recorder& recorder, const Options& options)
      : schedule_(schedule), chance_(chance), recorder_(recorder), options_(options) {}
  void attach(RouterProcess& router) { router_ = &router; }

  // ---- the program's end ----
  Line open(Program& program, core::Side side);  // it hears when the connection is made
  void send(Line line, Frames frames);
  void close(Line line);

  // ---- the router's end ----
  bool deliver(Peer peer, core::Side side, std::span<const std::string_view> frames);
  [[nodiscard]] const Connection& connection(Peer peer) const;
  void forget(Peer peer);
  void refuse(Peer peer);
  void router_died();

  // True while words of somebody who has left are on their way to the router.
  [[nodiscard]] bool has_last_words() const;

  // ---- what breaks ----
  enum class Heard : std::uint8_t { both, router, program };
  void cut(Line line, Heard heard);

 private:
  void try_to_connect(Line line);
  void tell_router(Line line);
  [[nodiscard]] Duration delay() { return chance_.between(Duration{1}, options_.latency); }
  [[nodiscard]] static Duration travel(const HostLink& link, std::size_t bytes);

  Schedule& schedule_;
  Chance& chance_;
  Recorder& recorder_;
  const Options& options_;
  RouterProcess* router_ = nullptr;
  std::deque<Connection> lines_;  // by peer
};

}  // namespace zcrew::sim
