// What the core did, for the history, and in words for people who replay a seed.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "core/effect.h"
#include "core/router.h"
#include "journal/memory_journal.h"
#include "names.h"
#include "network.h"
#include "print.h"
#include "recorder.h"

namespace zcrew::sim {

// A job's payload is "label:padding"; labels are unique in a run.
std::string_view label_of(std::string_view payload);

class Transcript {
 public:
  Transcript(const Schedule& schedule, bool verbose);

  // Printed with --verbose.
  void say(std::string_view text);
  [[nodiscard]] bool is_verbose() const { return verbose_; }

  // Connections are named in the order in which they are opened.
  void opened(const Connection& connection);
  // The records' numbers begin with `first`.
  void step(Recorder& recorder, const Network& network, const core::Event& event,
            const core::Effects& effects, core::JournalSequence first);
  // Whether its job was handed out again since.
  [[nodiscard]] bool is_outdone(const Token& token) const;
  static void status(Recorder& recorder, const core::Router& router);
  // What the journal has in the end.
  static void dump(Recorder& recorder, const journal::MemoryState& state);
  [[nodiscard]] std::string text(const core::Report& report) const {
    return printer_.report(report);
  }

 private:
  void remember(Peer peer, const std::string& who, const Uuid& instance);
  void remember(const core::Send& send);
  // 0 for the first of its process.
  [[nodiscard]] std::size_t session_of(Peer peer) const;

  const Schedule& schedule_;
  bool verbose_;
  // A liar says HELLO as one instance after the other: each but its first has a number.
  std::map<std::string, std::map<Uuid, std::size_t>> instances_;
  std::vector<std::size_t> sessions_;        // by peer
  std::unordered_map<JobId, Token> newest_;  // hand-outs
  scenarios::Names names_;
  scenarios::Printer printer_;
};

}  // namespace zcrew::sim
