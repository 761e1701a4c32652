#include "world.h"

#include <algorithm>

#include "words.h"

namespace zcrew::scenarios {
namespace {

// Any date will do; an even one reads well in a debugger.
constexpr std::uint64_t first_wall_ms = 1'700'000'000'000;
// The monotonic clock of a machine that has been up for a day.
constexpr Duration uptime = std::chrono::hours{24};
// A deadline that stays in the past after this many ticks would make the shell spin.
constexpr int ticks_at_one_time_max = 3;

}  // namespace

World::World(const WorldOptions& options)
    : options_(options), start_(from_ms(first_wall_ms)), printer_(names_, start_) {
  start_core();
  commit();
  if (!options.shows_start) output_.clear();
}

Now World::moment() const {
  return Now{Instant{uptime + now_}, start_ + std::chrono::duration_cast<Milliseconds>(now_)};
}

core::Router& World::core() {
  if (!core_) throw ScriptError("the router is down");
  return *core_;
}

void World::start_core() {
  const core::Recovered recovered = journal_.open();
  pending_ = journal::PendingBatch{};
  durable_ = 0;
  core_ = std::make_unique<core::Router>(options_.core, recovered, moment());
  if (recovered.epoch > 1) output_ += printer_.recovered(recovered);
  step(core::Tick{});
}

void World::move_to(Duration now) {
  if (now < now_) throw ScriptError("time runs backwards");
  now_ = now;
}

void World::step(const core::Event& event) {
  core().step(event, moment(), effects_);
  carry_out();
  settle_down();
}

// The world's own part, until nothing happens any more.
void World::settle_down() {
  for (;;) {
    if (options_.answers_reads && !reads_.empty()) {
      snapshot_read();
      deliver_read();
    } else if (options_.commit_by_itself && pending_.last() > durable_) {
      commit();
    } else {
      return;
    }
  }
}

void World::carry_out() {
  output_ += printer_.effects(effects_, pending_.last() + 1);
  for (core::Read& read : effects_.reads) reads_.push_back(std::move(read));
  remember_tokens();
  pending_.add(effects_.records);
  if (pending_.full()) {
    core().records_taken(pending_.last());
    pending_.close(core().take_totals());
  }
  effects_.clear();
  core().check_invariants();
}

void World::remember_tokens() {
  for (const core::Send& send : effects_.sends) {
    if (const auto* run = std::get_if<wire::RunItem>(&send.message)) {
      names_.remember(names_.program(send.peer), run->token);
    } else if (const auto* guide = std::get_if<core::ToGuideWorker>(&send.message)) {
      names_.remember(names_.program(send.peer), guide->token);
    }
  }
}

void World::commit() {
  do {
    take_batch();
    finish_batch();
  } while (!pending_.empty());
}

void World::take_batch() {
  if (taken_) throw ScriptError("a commit is under way");
  if (pending_.empty()) return;
  if (pending_.has_closed()) {
    taken_ = pending_.take_closed();
  } else {
    core().records_taken(pending_.last());
    taken_ = pending_.take(core().take_totals());
  }
}

void World::finish_batch() {
  if (!taken_ && !pending_.empty()) throw ScriptError("nothing was taken for a commit");
  core::JournalSequence last = pending_.last();
  if (taken_) {
    last = taken_->last;
    journal_.commit(*taken_);
    output_ += "> commit " + std::to_string(taken_->size()) + " records";
    for (const core::PutSession& session : taken_->totals.sessions) {
      output_ += ", session " + printer_.session(session);
    }
    output_ += "\n";
    taken_.reset();
  }
  if (last == durable_) return;
  durable_ = last;
  const core::Event durable = core::Durable{last};
  output_ += "> " + printer_.event(durable) + "\n";
  core().step(durable, moment(), effects_);
  carry_out();
  if (options_.answers_reads) settle_down();
}

void World::snapshot_read() {
  if (reads_.empty()) throw ScriptError("the core has asked for nothing");
  const core::Read read = reads_.front();
  reads_.pop_front();
  struct Answer {
    journal::MemoryJournal& journal;
    core::Event operator()(const core::ReadReady& r) const { return journal.read_ready(r); }
    core::Event operator()(const core::ReadLater& r) const { return journal.read_later(r); }
    core::Event operator()(const core::LoadJobs& r) const { return journal.load_jobs(r); }
    core::Event operator()(const core::LoadPayload& r) const { return journal.load_payload(r); }
    core::Event operator()(const core::LoadResults& r) const { return journal.load_results(r); }
  };
  answers_.push_back(std::visit(Answer{journal_}, read));
}

void World::deliver_read() {
  if (answers_.empty()) throw ScriptError("nothing was read");
  const core::Event answer = std::move(answers_.front());
  answers_.pop_front();
  output_ += "> " + printer_.event(answer) + "\n";
  core().step(answer, moment(), effects_);
  carry_out();
}

void World::crash() {
  core_.reset();
  effects_.clear();
  taken_.reset();
  reads_.clear();
  answers_.clear();
}

void World::restart() {
  if (core_) throw ScriptError("the router is up");
  start_core();
}

void World::beat(const std::string& program) {
  const Peer peer = names_.find(program);
  switch (names_.kind(peer)) {
    case PeerKind::client:
      return step(core::FromClient{peer, wire::Heartbeat{}});
    case PeerKind::worker:
      return step(core::FromWorker{peer, wire::Heartbeat{}});
    case PeerKind::guide_byte:
      return step(core::FromWorker{peer, wire::GuideHeartbeat{wire::GuideSpelling::byte}});
    case PeerKind::guide_word:
      return step(core::FromWorker{peer, wire::GuideHeartbeat{wire::GuideSpelling::word}});
    case PeerKind::guide_client:
      throw ScriptError("a Guide client has no heartbeat");
  }
}

void World::pass(Duration until, const std::vector<std::string>& beating) {
  Duration next_beat = now_ + options_.core.heartbeat;
  int ticks = 0;
  for (;;) {
    const Duration deadline = std::max(now_, core().next_deadline() - Instant{uptime});
    const bool beats = !beating.empty() && next_beat <= deadline;
    const Duration next = beats ? next_beat : deadline;
    if (next > until) break;
    ticks = next > now_ ? 0 : ticks + 1;
    if (ticks > ticks_at_one_time_max) throw ScriptError("the core's deadline does not move");
    now_ = next;
    std::string before = take_output();
    if (beats) {
      for (const std::string& program : beating) beat(program);
      next_beat += options_.core.heartbeat;
    } else {
      step(core::Tick{});
    }
    std::string said = take_output();
    if (!said.empty()) said = "at " + to_text(now_) + "\n" + said;
    output_ = before + said;
  }
  now_ = until;
}

std::string World::take_output() {
  std::string output;
  output.swap(output_);
  return output;
}

}  // namespace zcrew::scenarios
