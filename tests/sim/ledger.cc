#include "ledger.h"

#include <cstdio>
#include <cstdlib>

namespace zcrew::sim {
namespace {

std::string text_of(const Token& token) {
  return to_text(token.job) + "#" + std::to_string(token.handout) + "@" +
         std::to_string(token.epoch);
}

bool rises(const Token& before, const Token& after) {
  return std::pair{before.epoch, before.handout} < std::pair{after.epoch, after.handout};
}

}  // namespace

std::string label_of(std::string_view payload) {
  return std::string(payload.substr(0, payload.find(':')));
}

void Ledger::violated(const std::string& what) const {
  std::printf("VIOLATED: %s\nSEED=%llu; repeat with: sim --seed %llu --verbose\n", what.c_str(),
              static_cast<unsigned long long>(seed_), static_cast<unsigned long long>(seed_));
  std::fflush(stdout);
  std::_Exit(1);
}

void Ledger::saw_run(const Token& token, std::string_view payload, std::uint32_t attempt) {
  JobFacts& facts = facts_[token.job];
  const std::string label = label_of(payload);
  if (facts.label.empty()) facts.label = label;
  if (facts.label != label) {
    violated(text_of(token) + " carries " + label + ", its id was that of " + facts.label);
  }
  if (facts.end_settled) violated(text_of(token) + " runs after its end was settled");
  if (facts.runs > 0 && !rises(facts.greatest, token)) {
    violated(text_of(token) + " is not greater than " + text_of(facts.greatest));
  }
  check_attempt(facts, token, attempt);
  facts.greatest = token;
  ++facts.runs;
}

// Only what went wrong counts as an attempt: failures the worker reported (or that timed out) and
// deaths. Hand-outs that were given back or never arrived do not.
void Ledger::check_attempt(const JobFacts& facts, const Token& token, std::uint32_t attempt) const {
  if (attempt == 0) violated(text_of(token) + " is attempt 0");
  if (attempt - 1 > facts.failed + facts.lost) {
    violated(text_of(token) + " is attempt " + std::to_string(attempt) + " after " +
             std::to_string(facts.failed) + " failures and " + std::to_string(facts.lost) +
             " losses");
  }
}

void Ledger::saw_outcome(const Token& token, wire::Outcome outcome) {
  JobFacts& facts = facts_[token.job];
  if (outcome == wire::Outcome::done) ++facts.done;
  if (outcome == wire::Outcome::failed) ++facts.failed;
  if (outcome == wire::Outcome::rejected) ++facts.rejected;
}

void Ledger::saw_lost(const Token& token) { ++facts_[token.job].lost; }

void Ledger::saw_settled(const Token& token) {
  JobFacts& facts = facts_[token.job];
  if (facts.runs > 0 && facts.ended_by == token) facts.end_settled = true;
}

void Ledger::saw_confirm(const std::string& label, const JobId& id, bool may_expire) {
  JobFacts& facts = facts_[id];
  if (facts.label.empty()) facts.label = label;
  if (facts.label != label) {
    violated(to_text(id) + " is confirmed as " + label + ", and was " + facts.label);
  }
  facts.confirmed = true;
  facts.may_expire = may_expire;
}

void Ledger::saw_effects(const core::Event& event, const core::Effects& effects) {
  std::map<JobId, Token> done;
  if (const auto* from = std::get_if<core::FromWorker>(&event)) {
    if (const auto* outcomes = std::get_if<wire::OutcomeMessage>(&from->message)) {
      for (const wire::OutcomeItem& item : outcomes->entries) {
        if (item.outcome == wire::Outcome::done) done[item.token.job] = item.token;
      }
    }
  }
  for (const core::Record& record : effects.records) {
    // A Guide worker's job may be taken for out as soon as this is on disk.
    const auto* held = std::get_if<core::PutHeld>(&record);
    if (held != nullptr && held->instance == Uuid{}) saw_lost(held->token);
    const auto* removed = std::get_if<core::RemoveJob>(&record);
    if (removed == nullptr) continue;
    const auto found = done.find(removed->id);
    if (found != done.end()) facts_[removed->id].ended_by = found->second;
  }
}

std::size_t Ledger::confirmed() const {
  std::size_t count = 0;
  for (const auto& [id, facts] : facts_) count += facts.confirmed ? 1U : 0U;
  return count;
}

void Ledger::check_identity(const core::Report& report) const {
  const core::Counters& c = report.counters;
  const core::QueueCounts& t = report.totals;
  const std::uint64_t known =
      t.ready + t.held + t.later + t.dead + c.done + c.cancelled + c.expired + c.removed;
  if (known == c.accepted) return;
  violated("accepted " + std::to_string(c.accepted) + " is not ready " + std::to_string(t.ready) +
           " + held " + std::to_string(t.held) + " + later " + std::to_string(t.later) +
           " + dead " + std::to_string(t.dead) + " + done " + std::to_string(c.done) +
           " + cancelled " + std::to_string(c.cancelled) + " + expired " +
           std::to_string(c.expired) + " + removed " + std::to_string(c.removed));
}

void Ledger::check_end(journal::Journal& journal, const core::Report& report) const {
  check_identity(report);
  if (report.totals.ready + report.totals.held + report.totals.later != 0) {
    violated("jobs are left over after everything has come to rest");
  }
  std::uint64_t dead = 0;
  for (const auto& [id, facts] : facts_) {
    core::LoadJobs request;
    request.jobs.push_back(id);
    const core::LoadedJob job = journal.load_jobs(request).jobs.at(0);
    if (job.place == core::Place::dead) {
      ++dead;
      const bool used_up = job.header.failures >= job.header.attempts_max;
      if (!used_up && facts.rejected == 0 && job.header.crashes == 0) {
        violated(to_text(id) + " is a dead letter without a reason");
      }
      continue;
    }
    if (job.place != core::Place::none) violated(to_text(id) + " is still in the journal");
    if (!facts.confirmed || facts.removed_by_person) continue;
    if (facts.done == 0 && !facts.may_expire) {
      violated(to_text(id) + " (" + facts.label + ") was confirmed and is lost");
    }
  }
  if (dead > report.totals.dead) violated("the router lost count of its dead letters");
}

}  // namespace zcrew::sim
