#include "simulation.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "client_program.h"
#include "guide_programs.h"
#include "worker_program.h"

namespace zcrew::sim {
namespace {

constexpr std::uint64_t first_wall_ms = 1'700'000'000'000;
constexpr std::uint64_t plenty = std::uint64_t{1} << 40U;
// Healing must come to rest within this: retries, leases and resume waits are all shorter.
constexpr Duration rest_limit = std::chrono::minutes{10};

}  // namespace

Simulation::Simulation(std::uint64_t seed, const Options& options, bool verbose)
    : seed_(seed),
      options_(options),
      verbose_(verbose),
      printer_(names_, from_ms(first_wall_ms)),
      chance_(seed),
      ledger_(seed) {
  for (unsigned i = 1; i <= options.clients; ++i) {
    programs_.push_back(std::make_unique<ClientProgram>("c" + std::to_string(i), *this));
  }
  for (unsigned i = 1; i <= options.workers; ++i) {
    programs_.push_back(std::make_unique<WorkerProgram>("w" + std::to_string(i), *this));
  }
  for (unsigned i = 1; i <= options.guide_workers; ++i) {
    programs_.push_back(std::make_unique<GuideWorkerProgram>("g" + std::to_string(i), *this));
  }
  for (unsigned i = 1; i <= options.guide_clients; ++i) {
    programs_.push_back(std::make_unique<GuideClientProgram>("r" + std::to_string(i), *this));
  }
}

Simulation::~Simulation() = default;

Now Simulation::now() const {
  const auto since = schedule_.now().time_since_epoch();
  return Now{schedule_.now(),
             from_ms(first_wall_ms) + std::chrono::duration_cast<Milliseconds>(since)};
}

void Simulation::say(const std::string& text) {
  hash(text);
  if (!verbose_) return;
  std::printf("%10.3f %s\n", static_cast<double>(schedule_.now().time_since_epoch().count()) / 1e6,
              text.c_str());
}

// FNV-1a.
void Simulation::hash(const std::string& text) {
  for (const char c : text) {
    outcome_.trace = (outcome_.trace ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
}

std::string Simulation::next_label(const std::string& program) {
  return program + "." + std::to_string(++labels_);
}

// ---- the router's process ----

void Simulation::start_router() {
  if (core_) return;
  const core::Recovered recovered = journal_.open();
  pending_ = journal::PendingBatch{};
  durable_ = 0;
  wake_at_ = {};
  core_ = std::make_unique<core::Router>(options_.core, recovered, now());
  say("router starts, epoch " + std::to_string(recovered.epoch));
  wake();
}

void Simulation::crash_router() {
  if (!core_) return;
  say("router is killed");
  ++life_;
  ++outcome_.restarts;
  core_.reset();
  effects_.clear();
  backlog_.clear();
  stalled_until_ = {};
  // The commit under way may have reached the disk or not; nobody was told either way.
  if (committing_ && chance_.one_in(2)) journal_.commit(*committing_);
  committing_.reset();
  // Over a restart nobody loses an attempt, unless something else happens to the worker.
  for (const auto& program : programs_) close(*program);
  schedule_.after(healing_ ? Duration{0} : chance_.between(Duration{0}, std::chrono::seconds{2}),
                  [this] { start_router(); });
}

void Simulation::step(const core::Event& event) {
  ++outcome_.steps;
  core_->step(event, now(), effects_);
  carry_out(event);
}

void Simulation::show_effects() {
  std::istringstream lines(printer_.effects(effects_, pending_.last() + 1));
  for (std::string line; std::getline(lines, line);) say("  " + line);
}

void Simulation::carry_out(const core::Event& event) {
  ledger_.saw_effects(event, effects_);
  for (const core::Note& note : effects_.notes) {
    ++outcome_.notes.at(static_cast<std::size_t>(note.kind));
  }
  show_effects();
  for (const core::Read& read : effects_.reads) answer(read);
  for (const core::Send& send : effects_.sends) deliver(send);
  pending_.add(effects_.records);
  if (pending_.full()) pending_.close(core_->take_totals());
  effects_.clear();
  core_->check_invariants();
  ledger_.check_identity(core_->report());
  start_commit();
  wake();
}

void Simulation::wake() {
  if (!core_) return;
  const Instant deadline = std::max(core_->next_deadline(), schedule_.now() + Duration{1});
  if (wake_at_ != Instant{} && wake_at_ <= deadline) return;
  if (deadline == Instant::max()) return;
  wake_at_ = deadline;
  schedule_.at(deadline, [this, life = life_, deadline] {
    if (life != life_ || wake_at_ != deadline) return;
    wake_at_ = {};
    if (schedule_.now() < stalled_until_) {
      backlog_.emplace_back([this] { step(core::Tick{}); });
      return;
    }
    step(core::Tick{});
  });
}

void Simulation::start_commit() {
  if (committing_) return;
  if (pending_.empty()) {
    if (pending_.last() == durable_) return;
    // Everything cancelled out: durable by definition, in an own turn.
    schedule_.after(Duration{0}, [this, life = life_] {
      if (life != life_ || committing_ || !pending_.empty() || pending_.last() == durable_) return;
      durable_ = pending_.last();
      step(core::Durable{durable_});
    });
    return;
  }
  committing_ =
      pending_.has_closed() ? pending_.take_closed() : pending_.take(core_->take_totals());
  schedule_.after(chance_.between(Duration{1}, options_.commit_time * 2), [this, life = life_] {
    if (life == life_) finish_commit();
  });
}

void Simulation::finish_commit() {
  if (schedule_.now() < stalled_until_) {
    backlog_.emplace_back([this] { finish_commit(); });
    return;
  }
  journal_.commit(*committing_);
  durable_ = committing_->last;
  committing_.reset();
  step(core::Durable{durable_});
}

// The snapshot is taken at some moment, the answer arrives at a later one.
void Simulation::answer(const core::Read& read) {
  struct Answer {
    journal::MemoryJournal& journal;
    core::Event operator()(const core::ReadReady& r) const { return journal.read_ready(r); }
    core::Event operator()(const core::ReadLater& r) const { return journal.read_later(r); }
    core::Event operator()(const core::LoadJobs& r) const { return journal.load_jobs(r); }
    core::Event operator()(const core::LoadPayload& r) const { return journal.load_payload(r); }
    core::Event operator()(const core::LoadResults& r) const { return journal.load_results(r); }
  };
  schedule_.after(chance_.between(Duration{0}, options_.read_time), [this, life = life_, read] {
    if (life != life_) return;
    auto page = std::make_shared<core::Event>(std::visit(Answer{journal_}, read));
    schedule_.after(chance_.between(Duration{0}, options_.read_time), [this, life, page] {
      if (life != life_) return;
      if (schedule_.now() < stalled_until_) {
        backlog_.emplace_back([this, page] { step(*page); });
      } else {
        step(*page);
      }
    });
  });
}

// ---- connections ----

Line Simulation::connect(Program& program, core::Side side) {
  if (!core_) return nullptr;
  auto line = std::make_shared<Connection>();
  line->peer = static_cast<Peer>(lines_.size() + 1);
  line->side = side;
  line->program = &program;
  lines_.push_back(line);
  names_.connect(program.name(), side == core::Side::frontend ? scenarios::PeerKind::client
                                                              : scenarios::PeerKind::worker);
  return line;
}

void Simulation::send(const Line& line, ToRouter mail) {
  line->up = std::max(line->up, schedule_.now() + chance_.between(Duration{1}, options_.latency));
  schedule_.at(line->up, [this, life = life_, line, mail = std::move(mail)] {
    if (life == life_) arrive(line, mail);
  });
}

void Simulation::arrive(const Line& line, const ToRouter& mail) {
  if (!line->open || !core_) return;
  if (schedule_.now() < stalled_until_) {
    backlog_.emplace_back([this, line, mail] { arrive(line, mail); });
    return;
  }
  if (const auto* front = std::get_if<wire::FrontendMessage>(&mail.message)) {
    step(core::FromClient{line->peer, *front});
  } else {
    step(core::FromWorker{line->peer, std::get<wire::BackendMessage>(mail.message)});
  }
}

void Simulation::deliver(const core::Send& send) {
  const auto index = static_cast<std::size_t>(send.peer);
  if (index == 0 || index > lines_.size()) ledger_.violated("a send to a peer that never was");
  const Line line = lines_[index - 1];
  if (line->side != send.side) ledger_.violated("a send on the wrong side");
  if (const auto* run = std::get_if<wire::RunItem>(&send.message)) {
    ledger_.saw_run(run->token, run->payload, run->attempt);
    out_[line->program].insert(run->token);
  } else if (const auto* guide = std::get_if<core::ToGuideWorker>(&send.message)) {
    ledger_.saw_run(guide->token, guide->body, 1);
    ledger_.saw_lost(guide->token);  // its lease may run out, its reply may get lost
    out_[line->program].insert(guide->token);
  } else if (const auto* settled = std::get_if<Token>(&send.message)) {
    ledger_.saw_settled(*settled);
    out_[line->program].erase(*settled);
  }
  if (schedule_.now() < line->program->frozen_until()) lose_all_of(*line->program);
  if (!line->open) {  // a refused send: PeerGone is on its way, and what went into it is lost
    lose_all_of(*line->program);
    return;
  }
  line->down =
      std::max(line->down, schedule_.now() + chance_.between(Duration{1}, options_.latency));
  line->inbox.emplace_back(line->down, ToPeer(send.message));
  schedule_.at(line->down, [this, line] { read_inbox(line); });
}

void Simulation::read_inbox(const Line& line) {
  while (line->open && !line->inbox.empty() && line->inbox.front().first <= schedule_.now()) {
    const Instant awake = line->program->frozen_until();
    if (schedule_.now() < awake) {
      schedule_.at(awake, [this, line] { read_inbox(line); });
      return;
    }
    const ToPeer mail = std::move(line->inbox.front().second);
    line->inbox.pop_front();
    line->program->received(mail.message);
  }
}

// Only a hand-out that a fault may have cost the router's trust counts as lost.
void Simulation::lose_all_of(Program& program) {
  for (const Token& token : out_[&program]) ledger_.saw_lost(token);
}

void Simulation::disconnect(Program& program) {
  const Line line = program.line;
  if (!line) return;
  lose_all_of(program);
  close(program);
  // Now and then nobody tells the router: heartbeats or a refused send have to.
  if (core_ && !chance_.one_in(4)) report_gone(line);
}

void Simulation::close(Program& program) {
  if (!program.line) return;
  program.line->open = false;
  program.line = nullptr;
  program.lost();
}

void Simulation::report_gone(const Line& line) {
  schedule_.after(chance_.between(Duration{1}, options_.latency), [this, life = life_, line] {
    if (life != life_ || !core_) return;
    if (schedule_.now() < stalled_until_) {
      backlog_.emplace_back([this, line] { step(core::PeerGone{line->peer}); });
    } else {
      step(core::PeerGone{line->peer});
    }
  });
}

// ---- the run ----

Outcome Simulation::run() {
  outcome_.trace = 0xCBF29CE484222325ULL;
  start_router();
  step(core::Space{plenty});
  for (const auto& program : programs_) program->start();
  plan_faults();
  const Instant end = schedule_.now() + options_.length;
  while (schedule_.run_next(end)) {
  }
  heal();
  const Instant limit = schedule_.now() + rest_limit;
  while (!at_rest()) {
    if (schedule_.run_next(limit)) continue;
    show_unrest();
    ledger_.violated("the world does not come to rest");
  }
  ledger_.check_end(journal_, core_->report());
  outcome_.jobs = ledger_.jobs();
  outcome_.confirmed = ledger_.confirmed();
  return outcome_;
}

void Simulation::show_unrest() {
  std::printf("%s", core_ ? printer_.report(core_->report()).c_str() : "the router is down\n");
  for (const auto& program : programs_) {
    const std::string what = program->waits_for();
    if (!what.empty()) std::printf("%s waits for %s\n", program->name().c_str(), what.c_str());
  }
}

bool Simulation::at_rest() {
  if (!core_ || committing_ || !pending_.empty()) return false;
  const core::QueueCounts totals = core_->report().totals;
  if (totals.ready + totals.held + totals.later != 0) return false;
  return std::all_of(programs_.begin(), programs_.end(),
                     [](const auto& program) { return program->waits_for().empty(); });
}

}  // namespace zcrew::sim
