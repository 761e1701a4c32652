// The router's process in virtual time: the real core, wire codec, outbox and pending batch around
// a journal that keeps what was committed and nothing else. Its turns are those of
// src/router/loop.cc; only sockets, threads and disk are played.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "core/router.h"
#include "journal/memory_journal.h"
#include "journal/pending_batch.h"
#include "network.h"
#include "options.h"
#include "recorder.h"
#include "router/outbox.h"
#include "schedule.h"
#include "transcript.h"

namespace zcrew::sim {

// What a run counts; main.cc prints the sums.
struct Counts {
  std::uint64_t steps = 0;  // events that the core was given
  std::uint64_t commits = 0;
  std::uint64_t starts = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(core::NoteKind::count_)> notes{};
};

// To let the nth of its kind fail; 0 = none.
struct FailNth {
  std::uint64_t commit = 0;
  std::uint64_t send = 0;
  std::uint64_t read = 0;
};

class RouterProcess : public router::FrameSink {
 public:
  RouterProcess(Schedule& schedule, Chance& chance, Recorder& recorder, const Options& options,
                Transcript& transcript);
  ~RouterProcess() override;
  void attach(Network& network) { network_ = &network; }

  [[nodiscard]] bool is_up() const { return core_ != nullptr; }
  [[nodiscard]] bool is_awake() const { return is_up() && schedule_.now() >= stalled_until_; }
  // Its start, or the end of its last stall.
  [[nodiscard]] Instant undisturbed_since() const { return undisturbed_since_; }
  [[nodiscard]] unsigned life() const { return life_; }
  void start();
  void crash();
  void stall(Duration length);
  void fail_a_commit() { failing_commit_ = true; }
  void repair() { failing_commit_ = false; }
  void set_room(std::uint64_t bytes);
  void move_calendar(Milliseconds ahead);
  [[nodiscard]] Milliseconds calendar_ahead() const { return ahead_; }
  void command(const core::Command& command);
  FailNth fail;
  [[nodiscard]] bool has_failed() const { return has_failed_; }  // what `fail` names came to pass

  // ---- from the network ----
  void hear(Peer peer, core::Side side, Frames frames);
  void hear_opened(const Connection& connection);
  void hear_gone(Peer peer);
  net::SendStatus send(core::Side side, Peer peer,
                       std::span<const std::string_view> frames) override;

  [[nodiscard]] journal::MemoryJournal& journal() { return journal_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] const core::Router* core() const { return core_.get(); }  // null while it is down
  // A router that has not had its first turn does not know what it has.
  [[nodiscard]] bool all_written() const { return has_turned_ && !committing_ && pending_.empty(); }

 private:
  struct Input {
    Peer peer{};
    core::Side side = core::Side::frontend;
    Frames frames;
  };

  [[nodiscard]] Now now() const;
  void plan_turn(Instant at);
  void turn();
  void hear_commit();
  void hear_reader();
  void drain(core::Side side);
  void take(const Input& input);
  void hear_peers(core::Side side);
  void drop_gone();
  void settle();
  void step(const core::Event& event);
  void check_sometimes();

  void take_for_commit();
  [[nodiscard]] bool is_held();
  void hand_over();
  void begin_commit();
  void finish_commit();
  void read(const core::Read& read);
  void end_process();

  Schedule& schedule_;
  Chance& chance_;
  Recorder& recorder_;
  const Options& options_;
  Transcript& transcript_;
  Network* network_ = nullptr;
  journal::MemoryJournal journal_;
  Counts counts_;

  unsigned life_ = 0;  // what an earlier life planned does nothing
  std::unique_ptr<core::Router> core_;
  std::unique_ptr<router::Outbox> outbox_;
  core::Effects effects_;
  std::vector<Input> frontend_;
  std::vector<Input> backend_;
  std::vector<Input> draining_;
  std::vector<std::string_view> views_;  // of the frames of one of them
  std::vector<router::PeerAt> gone_;
  std::deque<core::Event> answers_;  // of the reader

  journal::PendingBatch pending_;
  std::optional<Instant> held_until_;  // the open batch
  core::JournalSequence durable_ = 0;
  std::optional<journal::Batch> committing_;
  bool committed_ = false;  // the disk has it, the loop does not know yet
  bool commit_failed_ = false;
  bool read_failed_ = false;
  bool failing_commit_ = false;
  std::uint64_t room_ = std::uint64_t{1} << 40U;
  std::uint64_t told_room_ = 0;
  std::uint64_t cancelled_before_ = 0;  // when the core last heard of the room

  Instant turn_at_ = Instant::max();
  Instant planned_ = Instant::max();  // the schedule has a turn for it, wanted or not
  bool has_turned_ = false;
  Instant busy_until_{};  // with the turn before
  Instant stalled_until_{};
  Instant undisturbed_since_{};
  Duration stalled_{};
  Milliseconds ahead_{};  // the calendar, of what it was at first
  std::uint64_t commits_begun_ = 0;
  std::uint64_t sends_ = 0;
  std::uint64_t reads_ = 0;
  bool has_failed_ = false;
};

}  // namespace zcrew::sim
