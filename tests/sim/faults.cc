// What goes wrong in a simulated world, and how it is put right in the end.
#include <algorithm>

#include "simulation.h"

namespace zcrew::sim {
namespace {

constexpr std::uint64_t plenty = std::uint64_t{1} << 40U;

}  // namespace

// At random moments whose mean distance is `mean`.
void Simulation::every(Duration mean, const std::function<void()>& fault) {
  if (mean == Duration{0}) return;
  schedule_.after(chance_.between(Duration{1}, mean * 2), [this, mean, fault] {
    if (healing_) return;
    fault();
    every(mean, fault);
  });
}

Program& Simulation::any_program() { return *programs_[chance_.below(programs_.size())]; }

void Simulation::plan_faults() {
  every(options_.router_crash_every, [this] { crash_router(); });
  every(options_.program_kill_every, [this] {
    Program& program = any_program();
    say(program.name() + " is killed");
    program.kill();
  });
  every(options_.disconnect_every, [this] {
    Program& program = any_program();
    say(program.name() + " loses its connection");
    disconnect(program);
  });
  every(options_.freeze_every, [this] {
    Program& program = any_program();
    say(program.name() + " is frozen");
    program.freeze(chance_.between(Duration{1}, std::chrono::seconds{6}));
  });
  every(options_.router_stall_every, [this] { stall_router(); });
  every(options_.nonsense_every, [this] { nonsense(); });
  every(options_.command_every, [this] { command(); });
  every(options_.disk_full_every, [this] { disk_full(); });
}

void Simulation::stall_router() {
  if (!core_ || schedule_.now() < stalled_until_) return;
  stalled_ = chance_.between(Milliseconds{500}, std::chrono::seconds{8});
  stalled_until_ = schedule_.now() + stalled_;
  say("router stalls");
  schedule_.at(stalled_until_, [this, life = life_] {
    if (life != life_) return;
    stalled_until_ = {};
    step(core::Stalled{stalled_});
    std::deque<std::function<void()>> backlog;
    backlog.swap(backlog_);
    for (const auto& action : backlog) {
      if (life == life_) action();
    }
  });
}

// The token of some hand-out that is over, or of one that somebody else has.
Token Simulation::foreign_token(const Program& program) {
  const auto& facts = ledger_.facts();
  if (facts.empty()) return Token{};
  Token token = std::next(facts.begin(), static_cast<std::ptrdiff_t>(chance_.below(facts.size())))
                    ->second.greatest;
  const bool is_own = out_[&program].count(token) != 0;
  if (is_own || chance_.one_in(2)) token.handout -= std::min(token.handout, 1U);
  return token;
}

// Messages that no correct program sends.
void Simulation::nonsense() {
  Program& program = any_program();
  // A Guide worker's reply frees it, whatever it is for, so theirs are never nonsense.
  if (!program.line || program.is_of_the_guide()) return;
  const Line line = program.line;
  const Token token = foreign_token(program);
  auto texts = std::make_shared<Texts>();
  if (line->side == core::Side::backend) {
    wire::OutcomeItem item;
    item.token = token;
    item.outcome = static_cast<wire::Outcome>(chance_.below(4));
    wire::OutcomeMessage outcomes;
    outcomes.entries.assign(1 + chance_.below(3), item);
    return send(line, {wire::BackendMessage{outcomes}, texts});
  }
  if (chance_.one_in(2)) {
    return send(line, {wire::FrontendMessage{wire::Ask{{token.job, token.job}}}, texts});
  }
  wire::Submit submit;
  submit.batch = 100000 + chance_.below(1000);
  submit.floor = 1;  // a higher one would give up batches
  send(line, {wire::FrontendMessage{submit}, texts});
}

void Simulation::command() {
  if (!core_ || schedule_.now() < stalled_until_) return;
  core::Command command{};
  switch (chance_.below(6)) {
    case 0:
      command.what = core::SetWeight{"w" + std::to_string(1 + chance_.below(4)),
                                     static_cast<std::uint32_t>(chance_.below(6))};
      break;
    case 1:
      command.what = core::SetPolicy{"default", static_cast<core::Policy>(chance_.below(5))};
      break;
    case 2: {
      core::SetQueue set;
      set.settings.name = chance_.one_in(2) ? "default" : "q" + std::to_string(chance_.below(3));
      set.settings.weight = 1 + static_cast<std::uint32_t>(chance_.below(4));
      set.settings.max_held = static_cast<std::uint32_t>(chance_.below(4));
      set.settings.max_ready = chance_.one_in(2) ? 0 : 50;
      set.settings.backoff_ms = 100;
      set.settings.paused = chance_.one_in(3);
      command.what = set;
      break;
    }
    default: {
      const journal::DeadPage page = journal_.read_dead(0, JobId{}, 3);
      std::vector<JobId> ids;
      for (const journal::DeadLetter& letter : page.letters) ids.push_back(letter.id);
      if (ids.empty()) return;
      if (chance_.one_in(2)) {
        command.what = core::RedriveDead{ids};
      } else {
        for (const JobId& id : ids) ledger_.saw_removed(id);
        command.what = core::RemoveDead{ids};
      }
    }
  }
  step(command);
}

void Simulation::disk_full() {
  if (!core_ || schedule_.now() < stalled_until_) return;
  say("the disk is full");
  step(core::Space{0});
  schedule_.after(chance_.between(Duration{1}, std::chrono::seconds{2}), [this, life = life_] {
    if (life == life_ && stalled_until_ <= schedule_.now()) step(core::Space{plenty});
  });
}

// From here on everything works; what is still wrong must right itself.
void Simulation::heal() {
  say("healing");
  healing_ = true;
  options_.job_time = Milliseconds{1};
  options_.failed_percent = 0;
  options_.rejected_percent = 0;
  options_.released_percent = 0;
  if (!core_) start_router();
  while (schedule_.now() < stalled_until_) schedule_.run_next(stalled_until_);
  step(core::Space{plenty});
  for (const core::QueueReport& queue : core_->report().queues) {
    core::SetQueue set{queue.settings};
    set.settings.paused = false;
    set.settings.max_held = 0;
    set.settings.max_ready = 0;
    step(core::Command{{}, set});
  }
  for (unsigned i = 1; i <= options_.workers; ++i) {
    step(core::Command{{}, core::SetWeight{"w" + std::to_string(i), 2}});
  }
  for (const auto& program : programs_) program->heal();
}

}  // namespace zcrew::sim
