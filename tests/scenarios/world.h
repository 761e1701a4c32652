// The world around one router core: time, a journal, the commit thread and the reader, reduced to
// plain calls. Whatever the core wants is carried out here and written down.
//
// Commits are explicit by default: records wait until `take` and `finish` (or both at once with
// `commit`). Reads are answered at once by default, from what is committed. Both can be turned
// round (`commit=auto`, `reads=manual`).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "core/router.h"
#include "journal/memory_journal.h"
#include "journal/pending_batch.h"
#include "names.h"
#include "print.h"

namespace zcrew::scenarios {

struct WorldOptions {
  core::Config core;
  bool commit_by_itself = false;
  bool answers_reads = true;
  bool shows_start = false;  // the first start, which is the same in all stories
};

class World {
 public:
  explicit World(const WorldOptions& options);

  Names& names() { return names_; }
  [[nodiscard]] const Printer& printer() const { return printer_; }
  [[nodiscard]] Duration now() const { return now_; }
  void move_to(Duration now);  // forward only; throws ScriptError

  // One event, and what the world does about its effects by itself.
  void step(const core::Event& event);

  void commit();        // everything pending, then Durable
  void take_batch();    // the commit thread takes what is pending: no more cancelling
  void finish_batch();  // it is on disk
  [[nodiscard]] bool committing() const { return taken_.has_value(); }  // taken, not finished
  void snapshot_read();  // the oldest read sees the journal as it is now …
  void deliver_read();   // … and its answer arrives

  void crash();    // whatever is not on disk is gone
  void restart();  // opens the journal and starts a new core, which gets a first Tick

  // Moves to `until`, with a Tick at each deadline on the way and heartbeats of the programs named.
  void pass(Duration until, const std::vector<std::string>& beating);

  core::Router& core();
  journal::MemoryJournal& journal() { return journal_; }

  void say(const std::string& lines) { output_ += lines; }
  std::string take_output();

 private:
  [[nodiscard]] Now moment() const;
  void start_core();
  void carry_out();
  void remember_tokens();
  void settle_down();
  void beat(const std::string& program);

  WorldOptions options_;
  Names names_;
  WallTime start_;
  Printer printer_;
  Duration now_{0};
  journal::MemoryJournal journal_;
  std::unique_ptr<core::Router> core_;
  core::Effects effects_;
  journal::PendingBatch pending_;
  core::JournalSequence durable_ = 0;
  std::optional<journal::Batch> taken_;
  std::deque<core::Read> reads_;
  std::deque<core::Event> answers_;
  std::string output_;
};

}  // namespace zcrew::scenarios
