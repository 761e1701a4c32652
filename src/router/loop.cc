#include "router/loop.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "net/clock.h"
#include "router/opening.h"
#include "wire/decode.h"
#include "wire/runs.h"
#include "zcrew/error.h"

namespace zcrew::router {
namespace {

// The loop wakes at least this often (and four times a heartbeat), so that a gap beyond twice of it
// means that the process did not run.
constexpr Duration wake_interval_max = Milliseconds{100};

// How long one turn listens to one socket. After a stall everything that came meanwhile is read,
// unless it takes longer than this: workers that hear nothing for three times as long leave.
constexpr Duration backend_budget = Milliseconds{1};
constexpr Duration frontend_budget = Milliseconds{1};
constexpr Duration stall_budget = std::chrono::seconds{1};

// Messages, bytes and outcomes between two looks at the clock. A few bytes may stand for thousands
// of outcomes, which are looked up one by one.
constexpr unsigned clock_messages = 16;
constexpr std::size_t clock_bytes = std::size_t{64} << 10U;
constexpr std::uint64_t clock_outcomes = 4096;

// Deadlines wait for sockets that are not yet empty, for at most this long: what waits there may be
// the very message that somebody is alive.
constexpr Duration judge_patience = Milliseconds{100};

// How long the last frames, goodbyes among them, may take to leave.
constexpr Milliseconds last_frames{500};

constexpr Duration catch_up_interval = std::chrono::seconds{1};
constexpr Duration crowd_line_interval = std::chrono::seconds{10};

// A commit that takes longer is worth a line: everything that waits for it looks like a hang.
constexpr Duration slow_commit = std::chrono::seconds{5};

std::size_t bytes_of(const net::Received& message) {
  std::size_t bytes = 0;
  for (const auto frame : message.frames) bytes += frame.size();
  return bytes;
}

int exit_code_of(const journal::Failure& failure) {
  const bool damage = failure.cause == journal::Failure::Cause::damage;
  return damage ? exit_code::corrupt_journal : exit_code::io_error;
}

}  // namespace

Loop::Loop(Parts parts, LoopSettings settings, LogSink log)
    : sockets_(parts.sockets),
      core_(parts.core),
      stops_(parts.stops),
      settings_(std::move(settings)),
      wake_interval_(
          std::clamp(settings_.heartbeat / 4, Duration{Milliseconds{1}}, wake_interval_max)),
      log_(std::move(log)),
      now_(net::read_clocks()),
      turn_began_(settings_.made),
      outbox_(sockets_),
      commits_(parts.journal, [this] { sockets_.wake(); }),
      reader_(parts.journal, [this] { sockets_.wake(); }),
      admin_({core_, commits_, reader_, outbox_, [this](const core::Event& event) { step(event); },
              [this] { return status(); }}),
      notes_(log_),
      stand_in_(duties()) {}

int Loop::run() {
  systemd_.ready(fmt::format("serving clients at {} and workers at {}",
                             sockets_.endpoint(core::Side::frontend),
                             sockets_.endpoint(core::Side::backend)));
  // What the journal knew is there before anyone asks for it: a question is no event of the core's.
  read_clocks();
  step(core::Tick{});
  settle();
  serve();
  return failure_ ? exit_code_of(*failure_) : finish();
}

void Loop::serve() {
  while (!failure_ && !over()) {
    commit();
    if (!failure_ && !over()) turn(patience());
  }
}

// Few records are written by this thread, unless there is more to do here: to wake another for it,
// and to be woken by it, takes as long as the whole way of a job.
void Loop::commit() {
  committed_ = false;
  if (!commits_.has_due()) return;
  if (left_over_ || !commits_.is_small() || sockets_.unread()) return commits_.leave_to_thread();
  journal::Batch batch = commits_.take_due();
  stand_in_.meanwhile(now_.mono + patience(), [&] { commits_.commit_here(std::move(batch)); });
  committed_ = true;
}

// What the stand-in does, also when the loop is to end: the first thread may be away for long.
StandIn::Duties Loop::duties() {
  const auto turn_and_until = [this]() -> std::optional<Instant> {
    if (failure_) return std::nullopt;
    turn(Duration::zero());
    return sockets_.unread() ? now_.mono : now_.mono + patience();
  };
  return {.take_post = [this] { return sockets_.take_post(); },
          .leave_post = [this] { sockets_.leave_post(); },
          .wait = [this](Instant until) { sockets_.stand_by(until - net::read_monotonic()); },
          .wake = [this] { sockets_.wake(); },
          .turn = turn_and_until};
}

void Loop::turn(Duration patience) {
  sockets_.wait(patience);
  begin_turn();
  obey_stops();
  // Workers first: what a commit, a page or a submission sets free shall not go to one that has
  // left.
  const bool backend_dry = hear_peers(core::Side::backend, backend_budget);
  hear_commits();
  hear_reader();
  if (failure_) return;
  const bool frontend_dry = hear_peers(core::Side::frontend, frontend_budget);
  left_over_ = !backend_dry || !frontend_dry;
  warn_of_crowd();
  judge_deadlines();
  settle();
  systemd_.beat(now_.mono);
}

Duration Loop::patience() const {
  if (left_over_ || committed_) return Duration::zero();
  Instant until = now_.mono + wake_interval_;
  until = std::min({until, core_.next_deadline(), commits_.deadline()});
  if (stopping_ && !over()) until = std::min(until, drain_until_);
  return std::max(until - now_.mono, Duration::zero());
}

void Loop::read_clocks() { now_ = net::read_clocks(); }

bool Loop::is_stall(Duration gap) const { return gap > 2 * wake_interval_; }

void Loop::begin_turn() {
  read_clocks();
  const Duration gap = now_.mono - turn_began_;
  turn_began_ = now_.mono;
  const bool has_drained = std::exchange(drains_, false);
  if (!is_stall(gap)) return;
  // A turn that drains takes so long that it looks like a stall: the next one has ordinary budgets,
  // or whoever sends enough would keep the router at it for ever.
  drains_ = !has_drained;
  step(core::Stalled{gap - wake_interval_});
}

void Loop::hear_commits() {
  auto news = commits_.collect(now_.mono);
  if (news.failure) return fail(std::move(*news.failure));
  if (news.durable) step(*news.durable);
  if (news.space) step(*news.space);
  if (commits_.running_for(now_.mono) < slow_commit || now_.mono < next_slow_line_) return;
  next_slow_line_ = now_.mono + slow_commit;
  log_(LogLevel::warning,
       fmt::format("The disk of the journal {} has not finished a commit for {} s: confirms wait. "
                   "Look who keeps it busy (iostat), or whether it is failing (dmesg).",
                   settings_.journal,
                   commits_.running_for(now_.mono) / Duration{std::chrono::seconds{1}}));
}

void Loop::hear_reader() {
  auto answers = reader_.poll();
  if (answers.failure) return fail(std::move(*answers.failure));
  for (const core::Event& event : answers.events) step(event);
  for (const auto& finish : answers.finishes) finish();
}

// What they say, then who of them has left: a last word counts. True if there was nothing more.
bool Loop::hear_peers(core::Side side, Duration budget) {
  const bool dry = drain(side, budget);
  sockets_.take_gone(side, gone_);
  drop_gone();
  return dry;
}

// True if the socket had nothing more.
bool Loop::drain(core::Side side, Duration budget) {
  const Instant until = now_.mono + (drains_ ? stall_budget : budget);
  net::Received message;
  unsigned messages = 0;
  std::size_t bytes = 0;
  std::uint64_t outcomes = 0;
  while (sockets_.receive(side, message)) {
    ++messages;
    bytes += bytes_of(message);
    outcomes += take(side, message);
    if (messages < clock_messages && bytes < clock_bytes && outcomes < clock_outcomes) continue;
    read_clocks();
    if (now_.mono >= until) return false;
    messages = 0;
    bytes = 0;
    outcomes = 0;
  }
  return true;
}

std::uint64_t Loop::take(core::Side side, const net::Received& message) {
  if (side == core::Side::backend) return take_from_worker(message);
  take_from_client(message);
  return 0;
}

std::uint64_t Loop::take_from_worker(const net::Received& message) {
  auto decoded = wire::decode_backend(message.frames);
  if (!decoded) {
    step(core::Malformed{message.peer, core::Side::backend, decoded.error()});
    return 0;
  }
  const auto* outcomes = std::get_if<wire::OutcomeMessage>(&*decoded);
  const std::uint64_t count = outcomes == nullptr ? 0 : wire::count_of(outcomes->entries);
  core::Event event{std::in_place_type<core::FromWorker>};
  auto& heard = std::get<core::FromWorker>(event);
  heard.peer = message.peer;
  heard.message = std::move(*decoded);
  step(event);
  return count;
}

void Loop::take_from_client(const net::Received& message) {
  auto decoded = wire::decode_frontend(message.frames);
  if (!decoded) {
    return step(core::Malformed{message.peer, core::Side::frontend, decoded.error()});
  }
  if (const auto* question = std::get_if<wire::Admin>(&*decoded)) {
    return admin_.handle(message.peer, *question);
  }
  step(core::FromClient{message.peer, std::move(*decoded)});
}

void Loop::warn_of_crowd() {
  if (!sockets_.crowded() || now_.mono < next_crowd_line_) return;
  next_crowd_line_ = now_.mono + crowd_line_interval;
  log_(LogLevel::warning,
       "Too many connections for the limit of open files: new ones wait until others end. Raise "
       "it (ulimit -n, LimitNOFILE=), or see who they are (ss -tnp).");
}

void Loop::drop_gone() {
  for (const PeerAt& peer : gone_) {
    sockets_.forget(peer);
    outbox_.forget(peer.peer);
    step(core::PeerGone{peer.peer});
  }
  gone_.clear();
}

void Loop::judge_deadlines() {
  // This turn itself did not run for a while: the next one tells the core before anyone is judged.
  if (is_stall(now_.mono - turn_began_)) return;
  const Instant deadline = core_.next_deadline();
  if (now_.mono >= deadline && (!left_over_ || now_.mono - deadline > judge_patience)) {
    step(core::Tick{});
  }
  if (now_.mono < next_catch_up_) return;
  next_catch_up_ = now_.mono + catch_up_interval;
  notes_.catch_up(now_.mono);
}

// Records first, then reads, then sends: the core's effects are views into the event and itself, so
// all of it happens here, before anything else.
void Loop::step(const core::Event& event) {
  core_.step(event, now_, effects_);
  commits_.add(effects_.records, core_);
  for (auto& read : effects_.reads) reader_.request(std::move(read));
  for (const auto& send : effects_.sends) outbox_.add(send);
  for (const auto& note : effects_.notes) notes_.write(note, now_.mono);
  for (const auto& reply : effects_.replies) admin_.answer(reply);
  effects_.clear();
}

// The turn's end: the frames leave before a commit begins, whose thread would take the processor
// from those they are for.
void Loop::settle() {
  do {
    drop_gone();
    outbox_.flush();
    while (const auto durable = commits_.hand_over(core_, now_.mono)) step(*durable);
    admin_.go_on_with_what_is_durable();
    outbox_.flush();
    outbox_.take_refused(gone_);
  } while (!gone_.empty());
}

void Loop::obey_stops() {
  if (stopping_ || stops_.load(std::memory_order_relaxed) == 0) return;
  stopping_ = true;
  drain_until_ = now_.mono + settings_.drain_limit;
  systemd_.stopping("waiting for the jobs that are held");
  log_(LogLevel::info,
       "Stopping: no new jobs are taken, the held ones may finish. Stop again to end at once.");
  step(core::Shutdown{});
}

bool Loop::over() const {
  if (!stopping_) return false;
  return core_.idle() || now_.mono >= drain_until_ || stops_.load(std::memory_order_relaxed) > 1;
}

ShellStatus Loop::status() const {
  ShellStatus status;
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(now_.mono - settings_.made);
  status.uptime_s = static_cast<std::uint64_t>(up.count());
  status.frontend = sockets_.endpoint(core::Side::frontend);
  status.backend = sockets_.endpoint(core::Side::backend);
  status.pending_records = commits_.pending_records();
  status.jobs_written = commits_.jobs_written();
  status.commits = commits_.commits();
  return status;
}

// What is known is written; what it confirms goes out.
int Loop::finish() {
  const auto held = core_.totals().held;
  if (held > 0) {
    log_(LogLevel::warning,
         fmt::format("{} still held: workers go on and report to the next router.",
                     held == 1 ? "1 job is" : fmt::format("{} jobs are", held)));
  }
  settle();
  while (!failure_ && !commits_.all_written()) {
    while (const auto durable = commits_.hand_over_last(core_, now_.mono)) step(*durable);
    if (commits_.has_due()) commits_.leave_to_thread();
    sockets_.wait_for_wake(wake_interval_);
    read_clocks();
    hear_commits();
    admin_.go_on_with_what_is_durable();
    outbox_.flush();
  }
  if (failure_) return exit_code_of(*failure_);
  if (!core_.idle()) step(core::Shutdown{});  // jobs are held: goodbye all the same
  outbox_.flush();
  sockets_.set_linger(last_frames);
  log_(LogLevel::info, "Stopped: everything that was confirmed is in the journal.");
  return exit_code::ok;
}

// Nothing more is confirmed. Said at once: the end may have to wait for a disk that hangs.
void Loop::fail(journal::Failure failure) {
  if (failure_) return;
  switch (failure.cause) {
    case journal::Failure::Cause::damage:
      log_(LogLevel::error,
           fmt::format("The journal {} is damaged: {}. The router ends rather than work with wrong "
                       "data. {}.",
                       settings_.journal, failure.text, damage_cure(settings_.journal)));
      break;
    case journal::Failure::Cause::memory:
      log_(LogLevel::error,
           "Out of memory: the router ends and confirms nothing more. Give it more (MemoryMax=, "
           "ulimit -v) or send smaller payloads, then start again: what was confirmed is safe.");
      break;
    case journal::Failure::Cause::disk:
      log_(LogLevel::error,
           fmt::format("The journal {} failed: {}. Nothing more is confirmed and the router ends. "
                       "Look at the disk (space, dmesg), then start again: what was confirmed is "
                       "safe.",
                       settings_.journal, failure.text));
      break;
  }
  failure_ = std::move(failure);
}

}  // namespace zcrew::router
