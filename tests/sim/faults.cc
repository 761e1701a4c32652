// What goes wrong in a simulated world.
#include <algorithm>

#include "world.h"

namespace zcrew::sim {

using std::chrono::seconds;

// At random moments whose mean distance is the fault's.
void World::every(Fault fault, const std::function<void()>& action) {
  const Duration mean = options_.fault_every.at(static_cast<std::size_t>(fault));
  if (mean == Duration{0}) return;
  schedule_.after(chance_.between(Duration{1}, mean * 2), [this, fault, action] {
    if (healing_) return;
    action();
    every(fault, action);
  });
}

void World::count(Fault fault, const std::string& what) {
  ++faults_.at(static_cast<std::size_t>(fault));
  transcript_.say(what);
}

Program& World::any_program() { return *programs_[chance_.below(programs_.size())]; }

// How long a process is away until its supervisor starts it again.
Duration World::away() { return chance_.one_in(3) ? Duration{1} : chance_.between({}, seconds{5}); }

void World::plan_faults() {
  every(Fault::router_crash, [this] {
    count(Fault::router_crash, "router is killed");
    router_.crash();
  });
  every(Fault::router_stall, [this] {
    count(Fault::router_stall, "router is to stall");
    router_.stall(chance_.between(Milliseconds{500}, seconds{8}));
  });
  every(Fault::commit_fails, [this] {
    count(Fault::commit_fails, "the disk breaks");
    router_.fail_a_commit();
  });
  every(Fault::disk_full, [this] { fill_disk(); });
  every(Fault::kill, [this] { kill_program(); });
  every(Fault::cut, [this] { cut_program(); });
  every(Fault::freeze, [this] { freeze_program(); });
  every(Fault::block, [this] { block_program(); });
  every(Fault::clock_jump, [this] {
    count(Fault::clock_jump, "the calendar jumps");
    const auto range = static_cast<std::uint64_t>(options_.calendar_max.count());
    const auto to =
        static_cast<std::int64_t>(chance_.below(2 * range)) - static_cast<std::int64_t>(range);
    router_.move_calendar(Milliseconds{to});
  });
  every(Fault::terminate, [this] {
    Program& program = any_program();
    count(Fault::terminate, program.name() + " is told to stop");
    if (program.runs() && !program.is_frozen()) program.terminate();
  });
  every(Fault::command, [this] { command(); });
}

void World::kill_program() {
  Program& program = any_program();
  count(Fault::kill, program.name() + " is killed");
  if (program.runs()) program.kill(away());
}

void World::cut_program() {
  Program& program = any_program();
  if (!program.line) return;
  count(Fault::cut, program.name() + " loses its connection");
  auto heard = Network::Heard::both;
  if (chance_.percent(options_.half_open_percent)) {
    heard = chance_.one_in(2) ? Network::Heard::router : Network::Heard::program;
  }
  network_.cut(program.line, heard);
}

void World::freeze_program() {
  Program& program = any_program();
  count(Fault::freeze, program.name() + " is stopped");
  program.freeze(chance_.between(Duration{1}, seconds{6}));
}

// A partition between the router and one host.
void World::block_program() {
  Program& program = any_program();
  const Instant end = schedule_.now() + chance_.between(Duration{1}, seconds{6});
  const std::uint64_t way = chance_.below(3);
  count(Fault::block, program.name() + (way == 0   ? " is cut off"
                                        : way == 1 ? " is not heard"
                                                   : " hears nothing"));
  if (way != 1) program.link.down_blocked = end;
  if (way == 2) return;
  program.block(end);
}

// ---- what people do
// ------------------------------------------------------------------------------

void World::command() {
  if (!router_.is_awake()) return;
  count(Fault::command, "a command");
  switch (chance_.below(6)) {
    case 0: {
      const unsigned worker = 1 + chance_.small(4);  // drawn first, by every compiler
      return set_weight(worker, chance_.small(6));
    }
    case 1:
      return router_.command(
          {{}, core::SetPolicy{"default", static_cast<core::Policy>(chance_.below(5))}});
    case 2:
      return change_queue();
    default:
      return work_on_the_dead();
  }
}

void World::set_weight(unsigned worker, std::uint32_t weight) {
  weights_set_at_ = schedule_.now();
  router_.command({{}, core::SetWeight{"w" + std::to_string(worker), weight}});
}

void World::change_queue() {
  core::SetQueue set;
  set.settings.name = chance_.one_in(2) ? "default" : "q" + std::to_string(chance_.below(3));
  set.settings.weight = 1 + chance_.small(4);
  set.settings.max_held = chance_.small(4);
  set.settings.max_ready = chance_.one_in(2) ? 0 : 50;
  set.settings.backoff_ms = 100;
  set.settings.paused = chance_.one_in(3);
  router_.command({{}, set});
}

void World::work_on_the_dead() {
  const journal::DeadPage page = router_.journal().read_dead(0, JobId{}, 3);
  std::vector<JobId> ids;
  for (const journal::DeadLetter& letter : page.letters) ids.push_back(letter.id);
  if (ids.empty()) return;
  const bool redrive = chance_.one_in(2);
  for (const JobId& id : ids) recorder_.line("person", redrive ? "redrive" : "remove", id);
  if (redrive) {
    router_.command({{}, core::RedriveDead{ids}});
  } else {
    router_.command({{}, core::RemoveDead{ids}});
  }
}

void World::fill_disk() {
  count(Fault::disk_full, "the disk is full");
  router_.set_room(0);
  schedule_.after(chance_.between(Duration{1}, seconds{2}),
                  [this] { router_.set_room(std::uint64_t{1} << 40U); });
}

// The token of some hand-out that was or might have been.
Token World::some_token() {
  const journal::MemoryState& state = router_.journal().state();
  Token token;
  token.epoch = state.epoch;
  token.handout = 1 + chance_.small(3);
  if (chance_.one_in(4)) token.epoch -= std::min(token.epoch, Epoch{1});
  const auto* jobs = chance_.one_in(4) ? &state.dead : &state.ready;
  if (jobs->empty() || chance_.one_in(10)) return token;
  auto at = jobs->begin();
  std::advance(at,
               static_cast<std::ptrdiff_t>(chance_.below(std::min<std::size_t>(jobs->size(), 20))));
  token.job = at->first;
  return token;
}

}  // namespace zcrew::sim
