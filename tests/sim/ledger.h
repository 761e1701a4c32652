// The books of a simulated world, kept from what clients sent and heard and what workers ran: they
// know what must and what must not happen, whatever the router believes.
//
// A violation prints one line with the seed and ends the program with exit code 1.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "core/effect.h"
#include "core/event.h"
#include "core/router.h"
#include "journal/journal.h"

namespace zcrew::sim {

// A job's payload is "label:padding"; labels are unique in a run.
std::string label_of(std::string_view payload);

struct JobFacts {
  std::string label;
  Token greatest;  // of its hand-outs
  unsigned runs = 0;
  unsigned done = 0;  // outcomes that workers came to
  unsigned failed = 0;
  unsigned rejected = 0;
  unsigned lost = 0;  // hand-outs whose worker died, or that never reached it
  bool confirmed = false;
  bool may_expire = false;
  bool removed_by_person = false;
  bool in_memory_only = false;
  Token ended_by;            // the token whose outcome ended it in the router's eyes
  bool end_settled = false;  // … and the worker was told to forget it: it may never run again
};

class Ledger {
 public:
  explicit Ledger(std::uint64_t seed) : seed_(seed) {}

  [[noreturn]] void violated(const std::string& what) const;

  void saw_run(const Token& token, std::string_view payload, std::uint32_t attempt);
  void saw_outcome(const Token& token, wire::Outcome outcome);  // at the worker
  void saw_lost(const Token& token);
  void saw_settled(const Token& token);
  void saw_confirm(const std::string& label, const JobId& id, bool may_expire);
  void saw_removed(const JobId& id) { facts_[id].removed_by_person = true; }

  // What the router made of an event.
  void saw_effects(const core::Event& event, const core::Effects& effects);

  // When everything has been healed and has come to rest.
  void check_end(journal::Journal& journal, const core::Report& report) const;
  void check_identity(const core::Report& report) const;

  [[nodiscard]] std::size_t confirmed() const;
  [[nodiscard]] std::size_t jobs() const { return facts_.size(); }
  // The largest number of attempts a job may show: what really happened to it, plus one.
  [[nodiscard]] const std::map<JobId, JobFacts>& facts() const { return facts_; }

 private:
  void check_attempt(const JobFacts& facts, const Token& token, std::uint32_t attempt) const;
  std::uint64_t seed_;
  std::map<JobId, JobFacts> facts_;
};

}  // namespace zcrew::sim
