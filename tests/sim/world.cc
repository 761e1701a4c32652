#include "world.h"

#include <algorithm>
#include <cstdio>

#include "client_program.h"
#include "guide_programs.h"
#include "liar_program.h"
#include "violation.h"
#include "worker_program.h"

namespace zcrew::sim {
namespace {

// Healing must come to rest within this: retries, leases and resume waits are all shorter.
constexpr Duration rest_limit = std::chrono::minutes{10};
constexpr Duration rest_step = Milliseconds{50};

}  // namespace

World::World(std::uint64_t seed, const Options& options, Manner manner)
    : seed_(seed),
      options_(options),
      chance_(seed),
      recorder_(schedule_, manner.records),
      transcript_(schedule_, manner.verbose),
      network_(schedule_, chance_, recorder_, options_),
      router_(schedule_, chance_, recorder_, options_, transcript_) {
  network_.attach(router_);
  router_.attach(network_);
  const auto add = [this]<typename Kind>(unsigned count, const char* prefix, Kind*) {
    for (unsigned i = 1; i <= count; ++i) {
      programs_.push_back(std::make_unique<Kind>(prefix + std::to_string(i), *this));
      programs_.back()->link.bytes_per_s = options_.bytes_per_s;
    }
  };
  add(options.clients, "c", static_cast<ClientProgram*>(nullptr));
  add(options.workers, "w", static_cast<WorkerProgram*>(nullptr));
  add(options.guide_workers, "g", static_cast<GuideWorkerProgram*>(nullptr));
  add(options.guide_clients, "r", static_cast<GuideClientProgram*>(nullptr));
  add(options.liars, "x", static_cast<LiarProgram*>(nullptr));
}

World::~World() = default;

std::string World::next_label(const std::string& program) {
  return program + "." + std::to_string(++labels_);
}

void World::run() {
  set_seed(seed_);
  const auto word = [](std::string_view name, Duration time) { return Named{name, time.count()}; };
  const core::Config& core = options_.core;
  recorder_.line("router", "begin", word("grace", core.disconnect_grace),
                 word("patience", core.heartbeat * core.liveness),
                 word("heartbeat", core.heartbeat), word("resume", core.resume_wait),
                 word("lease", core.guide_lease));
  router_.start();
  for (const auto& program : programs_) program->begin();
  plan_faults();
  schedule_.run_until(schedule_.now() + options_.length);
  heal();
  come_to_rest();
  if (options_.sleeps_a_week) sleep_a_week();
  finish();
}

void World::heal() {
  transcript_.say("healing");
  healing_ = true;
  options_.job_time = Milliseconds{1};
  options_.failed_percent = 0;
  options_.rejected_percent = 0;
  options_.released_percent = 0;
  options_.half_open_percent = 0;
  router_.repair();
  router_.start();
  while (!router_.is_awake()) schedule_.run_until(schedule_.now() + Milliseconds{10});
  router_.set_room(std::uint64_t{1} << 40U);
  // What waits for the calendar has waited long enough.
  router_.move_calendar(std::max(router_.calendar_ahead(), options_.calendar_max));
  for (const auto& program : programs_) {
    program->link.up_blocked = program->link.down_blocked = {};
    program->heal();
  }
}

void World::come_to_rest() {
  // People see to it that every queue and worker works, also after another crash.
  const auto tend = [this] {
    if (!router_.is_awake()) return;
    const core::Report report = router_.core()->report();
    for (const core::QueueReport& queue : report.queues) {
      if (!queue.settings.paused && queue.settings.max_held + queue.settings.max_ready == 0)
        continue;
      core::SetQueue set{queue.settings};
      set.settings.paused = false;
      set.settings.max_held = 0;
      set.settings.max_ready = 0;
      router_.command({{}, set});
    }
    for (unsigned i = 1; i <= options_.workers; ++i) {
      set_weight(i, 2);
    }
  };
  const Instant limit = schedule_.now() + rest_limit;
  for (unsigned step = 0; !is_at_rest(); ++step) {
    if (step % 40 == 0) tend();
    if (schedule_.now() >= limit) {
      show_unrest();
      violated("the world does not come to rest");
    }
    schedule_.run_until(schedule_.now() + rest_step);
  }
}

bool World::is_at_rest() {
  const bool any_waits = std::any_of(programs_.begin(), programs_.end(),
                                     [](const auto& each) { return each->waits(); });
  if (any_waits || network_.has_last_words()) return false;
  if (!router_.is_awake() || !router_.all_written()) return false;
  const core::QueueCounts totals = router_.core()->totals();
  return totals.ready + totals.held + totals.later == 0;
}

void World::show_unrest() {
  const core::Router* core = router_.core();
  std::printf("%s",
              core != nullptr ? transcript_.text(core->report()).c_str() : "the router is down\n");
  for (const auto& program : programs_) {
    const std::string what = program->waits_for();
    if (!what.empty()) std::printf("%s waits for%s\n", program->name().c_str(), what.c_str());
  }
}

// Everybody goes home; what the router keeps for them must go too, dead letters excepted.
void World::sleep_a_week() {
  constexpr Duration for_ever = std::chrono::hours{24 * 365};
  for (const auto& program : programs_) program->kill(for_ever);
  slept_ = std::chrono::hours{24 * 8};
  schedule_.run_until(schedule_.now() + slept_);
  if (router_.core()->report().sessions != 0) violated("sessions outlive a week of silence");
  const journal::MemoryState& state = router_.journal().state();
  if (!state.results.empty()) violated("results outlive a week of silence");
  if (!state.instances.empty()) violated("worker instances outlive a week of silence");
}

void World::finish() {
  const core::Router& router = *router_.core();
  Transcript::status(recorder_, router);
  const journal::MemoryState& state = router_.journal().state();
  if (state.dead.size() != router.totals().dead) violated("the router miscounts its dead letters");
  // Counters of jobs that left no record follow with the next commit.
  if (router_.all_written() && state.counters.accepted > router.counters().accepted)
    violated("the journal counts too many");
  Transcript::dump(recorder_, state);
  recorder_.line("router", "end", "rest");
}

}  // namespace zcrew::sim
