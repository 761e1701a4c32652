// Effects, events and reports as lines of a transcript: one line each, nothing left out except
// fields that have their default.
//
// Times of the calendar are printed as seconds since the world's first moment.
#pragma once

#include <string>

#include "core/effect.h"
#include "core/event.h"
#include "core/recovered.h"
#include "core/router.h"
#include "journal/journal.h"
#include "names.h"

namespace zcrew::scenarios {

class Printer {
 public:
  Printer(const Names& names, WallTime start) : names_(&names), start_(start) {}

  // In the order in which the shell carries them out: notes, records, reads, sends, replies.
  // `first` is the number of the first record.
  [[nodiscard]] std::string effects(const core::Effects& effects,
                                    core::JournalSequence first) const;
  // One for each number that it takes.
  [[nodiscard]] std::vector<std::string> texts(const core::Record& record) const;
  [[nodiscard]] std::string message(const core::Message& message) const;
  [[nodiscard]] std::string read(const core::Read& read) const;
  // An event the world feeds by itself: Durable and what was read.
  [[nodiscard]] std::string event(const core::Event& event) const;
  [[nodiscard]] std::string recovered(const core::Recovered& recovered) const;
  [[nodiscard]] std::string report(const core::Report& report) const;
  [[nodiscard]] std::string dead(const journal::DeadLetter& letter) const;

  [[nodiscard]] std::string time(WallTime time) const;
  [[nodiscard]] std::string session(const core::PutSession& session) const;
  [[nodiscard]] std::string header(const core::JobHeader& header) const;
  [[nodiscard]] std::string entry(const core::HistoryEntry& entry) const;
  [[nodiscard]] const Names& names() const { return *names_; }

 private:
  const Names* names_;
  WallTime start_;
};

std::string quoted(std::string_view bytes);  // long ones cut short, with their size
std::string_view to_text(wire::Outcome outcome);
std::string_view to_text(wire::End end);
std::string_view to_text(wire::ResultMode mode);
std::string_view to_text(core::Place place);
std::string_view to_text(core::Policy policy);
std::string_view to_text(core::NoteKind kind);
std::string counters_text(const core::Counters& counters);  // those that are not 0
std::string counts_text(const core::QueueCounts& counts);
std::string settings_text(const core::QueueSettings& settings);

}  // namespace zcrew::scenarios
