#include "core/router.h"

#include <algorithm>

#include "base/check.h"
#include "base/plant.h"
#include "core/state.h"

namespace zcrew::core {

namespace {

// How often clients are looked over for silence, sessions and results for age. Without a client
// only those remain, which are kept for an hour and longer: a router that idles need not wake up.
constexpr Duration housekeeping_every = std::chrono::seconds{5};
constexpr Duration idle_housekeeping_every = std::chrono::minutes{1};

}  // namespace

Router::Router(const Config& config, const Recovered& recovered, Now now)
    : state_(std::make_unique<State>(config, recovered)) {
  state_->context.now = now;
  state_->context.counters = recovered.counters;
}

Router::~Router() = default;

void Router::step(const Event& event, Now now, Effects& effects) {
  State& state = *state_;
  ZCREW_CHECK(state.context.now.mono <= now.mono);
  state.context.now = now;
  state.context.out = &effects;
  state.book.bury_the_dead();
  state.sessions.begin_step();
  state.clients.begin_step();
  state.orphans.begin_step();
  if (!std::exchange(state.started, true)) state.start();
  std::visit([&](const auto& what) { state.on(what); }, event);
  state.finish_step();
  state.context.out = nullptr;
}

// ---- the start
// -----------------------------------------------------------------------------------

void Router::State::start() {
  sessions.recover(recovered);
  book.recover(recovered);
  workers.recover(recovered);
  book.reserve_sequences();
  static_cast<void>(book.open_queue("default"));  // where Guide peers are
  recovery.begin(recovered);
  orphans.begin(recovered);
  last_housekeeping = context.attended();
  recovered = {};
}

void Router::State::finish_step() {
  end_recovery_if_over();
  book.release_due();
  book.expire_overdue();
  book.reserve_sequences();
  dispatcher.run([this](Job& job, Worker& worker) { workers.give(job, worker); });
  book.page_in();
  say_bye_if_over();
}

void Router::State::end_recovery_if_over() {
  if (!context.recovering || orphans.loading() || !recovery.is_over()) return;
  // Who said HELLO in time has reported, though what it said is still being looked up.
  if (workers.seating_awaited() && recovery.extend()) return;
  orphans.give_up_missing();
  workers.bury_missing();
  recovery.end();
  context.recovering = false;
  context.note(NoteKind::recovery_over, "jobs from before the start are handed out from now on");
  for (const auto& [number, queue] : book.queues()) {
    book.feed_all(*queue);
    book.wake(*queue);
  }
}

void Router::State::say_bye_if_over() {
  if (said_bye || !(hurried || idle())) return;
  said_bye = true;
  workers.say_bye();
  clients.say_bye();
}

bool Router::State::idle() const {
  return context.stopping && context.durable >= context.last_record && !workers.settling() &&
         !workers.holding();
}

// ---- messages
// ------------------------------------------------------------------------------------

void Router::State::on(const FromClient& event) {
  std::visit([&](const auto& message) { clients.on(event.peer, message); }, event.message);
}

void Router::State::on(const FromWorker& event) {
  std::visit([&](const auto& message) { workers.on(event.peer, message); }, event.message);
}

void Router::State::on(const Malformed& event) {
  ++context.counters.malformed;
  context.note(NoteKind::malformed,
               std::string("a message on the ") +
                   (event.side == Side::frontend ? "frontend" : "backend") +
                   " is none of this protocol: " + std::string(event.error.text));
  if (event.error.native) {
    context.send(event.peer, event.side, wire::Error{event.error.code, event.error.text});
  }
}

void Router::State::on(const PeerGone& event) {
  clients.gone(event.peer);
  workers.gone(event.peer);
}

// ---- the journal
// ---------------------------------------------------------------------------------

void Router::State::on(const Durable& event) {
  ZCREW_CHECK(event.sequence <= context.last_record);
  context.durable = std::max(context.durable, event.sequence);
  book.reserve_sequences();
  sessions.on_durable();
  clients.on_durable();
  workers.on_durable();
  deferred.on_durable();
}

void Router::State::on(const Space& event) { clients.on_space(event.admissible_bytes); }
void Router::State::on(const ReadyPage& event) { book.on_page(event); }
void Router::State::on(const LaterPage& event) { book.on_page(event); }
void Router::State::on(const PayloadLoaded& event) { workers.on_payload(event); }
void Router::State::on(const ResultsLoaded& event) { clients.on_results(event); }

void Router::State::on(const JobsLoaded& event) {
  if (orphans.on_loaded(event) || commands.on_loaded(event)) return;
  workers.on_loaded(event);
}

// ---- time and people
// -----------------------------------------------------------------------------

void Router::State::on(const Command& event) { commands.on(event); }

void Router::State::on(const Shutdown& event) {
  static_cast<void>(event);
  hurried = std::exchange(context.stopping, true);
}

void Router::State::on(const Stalled& event) {
  if (!planted(Bug::requeue_on_pause)) context.stalled += event.by;
  context.note(NoteKind::loop_stalled, "the router did not run for " + to_text(event.by) +
                                           "; every deadline moves by that");
}

void Router::State::on(const Tick& event) {
  static_cast<void>(event);
  workers.tick();
  orphans.tick();
  recall.tick([this](Worker& worker, std::vector<Token> tokens) {
    workers.recall(worker, std::move(tokens));
  });
  if (context.attended() < next_housekeeping()) return;
  last_housekeeping = context.attended();
  sessions.expire();
}

Instant Router::State::next_housekeeping() const {
  return last_housekeeping +
         (sessions.any_connected() ? housekeeping_every : idle_housekeeping_every);
}

Instant Router::next_deadline() const {
  const State& state = *state_;
  Instant next = std::min(state.workers.next_check(), state.next_housekeeping());
  next = std::min(next, state.recall.deadline());
  // The wait does not end before the jobs that were out are read, however slow the disk is.
  if (state.context.recovering && !state.orphans.loading()) {
    next = std::min(next, state.recovery.deadline());
  }
  if (const auto due = state.book.next_due()) {
    const Duration wait = std::max<Duration>(*due - state.context.now.wall, Duration{0});
    next = std::min(next, state.context.attended() + wait);
  }
  return next + state.context.stalled;
}

// ---- looking
// -------------------------------------------------------------------------------------

Totals Router::take_totals() {
  Counters counters = state_->book.durable_counters();
  // A commit is the confirm of what it holds: a crash right behind it must not lose the count.
  counters.confirmed += state_->sessions.awaited_jobs();
  return {counters, state_->book.take_changed(), state_->sessions.take_changed()};
}

void Router::records_taken(JournalSequence up_to) { state_->context.taken = up_to; }

Load Router::load() const {
  return {state_->book.live(), state_->context.counters.done, state_->deferred.any()};
}

bool Router::idle() const { return state_->idle(); }

void Router::check_invariants() const {
  if (!state_->started) return;
  state_->book.check_invariants();
  state_->workers.check_invariants();
}

}  // namespace zcrew::core
