// A router core, its journal and its peers in one thread and in virtual time, under the faults that
// Options name. Everything follows from the seed.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/router.h"
#include "journal/memory_journal.h"
#include "journal/pending_batch.h"
#include "ledger.h"
#include "names.h"
#include "options.h"
#include "print.h"
#include "program.h"
#include "schedule.h"

namespace zcrew::sim {

struct Outcome {
  std::uint64_t trace = 0;  // hash of all that was said; equal for equal seeds
  std::uint64_t steps = 0;
  std::size_t jobs = 0;
  std::size_t confirmed = 0;
  unsigned restarts = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(core::NoteKind::count_)> notes{};
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, const Options& options, bool verbose);
  ~Simulation();

  // Mischief for options.length, then healing; every check on the way and at the end.
  Outcome run();

  // ---- for programs ----
  Schedule& schedule() { return schedule_; }
  Chance& chance() { return chance_; }
  Ledger& ledger() { return ledger_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] bool healing() const { return healing_; }
  Line connect(Program& program, core::Side side);  // null while the router is down
  void send(const Line& line, ToRouter mail);
  void disconnect(Program& program);   // the program closes, or its network fails
  void lose_all_of(Program& program);  // what it holds may count as a crash from now on
  void say(const std::string& text);   // printed with --verbose
  std::string next_label(const std::string& program);

 private:
  [[nodiscard]] Now now() const;
  void start_router();
  void crash_router();
  void step(const core::Event& event);
  void carry_out(const core::Event& event);
  void deliver(const core::Send& send);
  void wake();
  void start_commit();
  void finish_commit();
  void answer(const core::Read& read);
  void close(Program& program);
  void read_inbox(const Line& line);
  void report_gone(const Line& line);
  void arrive(const Line& line, const ToRouter& mail);

  void plan_faults();
  void every(Duration mean, const std::function<void()>& fault);
  void stall_router();
  void nonsense();
  Token foreign_token(const Program& program);
  void command();
  void disk_full();
  Program& any_program();
  void heal();
  [[nodiscard]] bool at_rest();
  void hash(const std::string& text);
  void show_effects();
  void show_unrest();

  std::uint64_t seed_;
  Options options_;
  bool verbose_;
  scenarios::Names names_;
  scenarios::Printer printer_;
  Schedule schedule_;
  Chance chance_;
  Ledger ledger_;
  Outcome outcome_;
  bool healing_ = false;

  journal::MemoryJournal journal_;
  std::unique_ptr<core::Router> core_;
  std::uint64_t life_ = 0;  // actions of an earlier life of the router do nothing
  core::Effects effects_;
  journal::PendingBatch pending_;
  core::JournalSequence durable_ = 0;
  std::optional<journal::Batch> committing_;
  Instant wake_at_{};
  Instant stalled_until_{};
  Duration stalled_{};
  std::deque<std::function<void()>> backlog_;  // what arrives while the router is stalled

  std::vector<std::unique_ptr<Program>> programs_;
  std::vector<Line> lines_;                        // by peer
  std::map<const Program*, std::set<Token>> out_;  // tokens a program was sent and not settled
  std::uint64_t labels_ = 0;
};

}  // namespace zcrew::sim
