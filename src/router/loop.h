// The router's loop: waits for sockets, commits and reads, turns what happened into events for the
// core, and carries out what the core wants. One turn:
//
//   wait → outcomes, who left (backend) → finished commits and reads → submissions, who left
//   (frontend) → deadlines → frames out → records to the commit thread, or on disk
//
// One thread at a time has the loop's turn, and is what other headers call the loop thread: the one
// that called run(), or, while that one writes a commit, its stand-in.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/router.h"
#include "journal/reader_thread.h"
#include "router/admin.h"
#include "router/commits.h"
#include "router/note_log.h"
#include "router/outbox.h"
#include "router/sockets.h"
#include "router/stand_in.h"
#include "router/systemd.h"

namespace zcrew::router {

struct LoopSettings {
  std::string journal;  // its name for people
  Duration heartbeat{};
  Duration drain_limit{};
  Instant made{};  // when the core was made: until run() nothing was judged
};

class Loop {
 public:
  struct Parts {
    Sockets& sockets;
    journal::Journal& journal;
    core::Router& core;
    const std::atomic<unsigned>& stops;  // how often a stop was asked for
  };
  Loop(Parts parts, LoopSettings settings, LogSink log);

  // Until a stop, or until the journal fails: returns the exit code.
  int run();

 private:
  void serve();
  void turn(Duration patience);
  void commit();
  StandIn::Duties duties();
  [[nodiscard]] Duration patience() const;
  void read_clocks();
  [[nodiscard]] bool is_stall(Duration gap) const;
  void begin_turn();

  void hear_commits();
  void hear_reader();
  bool hear_peers(core::Side side, Duration budget);
  bool drain(core::Side side, Duration budget);
  // Returns how many outcomes it stood for.
  std::uint64_t take(core::Side side, const net::Received& message);
  std::uint64_t take_from_worker(const net::Received& message);
  void take_from_client(const net::Received& message);
  void drop_gone();
  void warn_of_crowd();
  void judge_deadlines();

  void step(const core::Event& event);
  void settle();

  void obey_stops();
  [[nodiscard]] bool over() const;
  int finish();
  void fail(journal::Failure failure);

  [[nodiscard]] ShellStatus status() const;

  Sockets& sockets_;
  core::Router& core_;
  const std::atomic<unsigned>& stops_;
  const LoopSettings settings_;
  const Duration wake_interval_;
  LogSink log_;

  Now now_{};
  Instant turn_began_{};
  bool drains_ = false;     // this turn reads what came during a stall
  bool left_over_ = false;  // a socket still had messages when the budget was used up
  bool committed_ = false;  // a commit has ended here, and nobody has heard of it yet
  bool stopping_ = false;
  Instant drain_until_{};
  Instant next_catch_up_{};
  Instant next_crowd_line_{};
  Instant next_slow_line_{};
  std::optional<journal::Failure> failure_;

  core::Effects effects_;
  Outbox outbox_;
  Commits commits_;
  journal::ReaderThread reader_;
  Admin admin_;
  NoteLog notes_;
  Systemd systemd_;
  std::vector<PeerAt> gone_;
  StandIn stand_in_;  // last: its turns use all of the above
};

}  // namespace zcrew::router
