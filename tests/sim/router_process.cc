#include "router_process.h"

#include <algorithm>

#include "violation.h"
#include "wire/decode.h"

namespace zcrew::sim {
namespace {

constexpr std::uint64_t first_wall_ms = 1'700'000'000'000;
// The real loop wakes at least this often and tells the core of a stall less this.
constexpr Duration wake_interval = Milliseconds{100};
// A supervisor starts the router again after this.
constexpr Duration restart_max = std::chrono::seconds{2};

}  // namespace

RouterProcess::RouterProcess(Schedule& schedule, Chance& chance, Recorder& recorder,
                             const Options& options, Transcript& transcript)
    : schedule_(schedule),
      chance_(chance),
      recorder_(recorder),
      options_(options),
      transcript_(transcript) {}

RouterProcess::~RouterProcess() = default;

// The history's calendar begins with the schedule's first moment.
Now RouterProcess::now() const {
  const auto since = schedule_.now().time_since_epoch();
  return Now{schedule_.now(),
             from_ms(first_wall_ms) + std::chrono::duration_cast<Milliseconds>(since) + ahead_};
}

// ---- its life
// ------------------------------------------------------------------------------------

void RouterProcess::start() {
  if (core_) return;
  const core::Recovered recovered = journal_.open();
  ++counts_.starts;
  pending_ = journal::PendingBatch{};
  held_until_.reset();
  cancelled_before_ = 0;
  durable_ = 0;
  told_room_ = 0;
  has_turned_ = false;
  core_ = std::make_unique<core::Router>(options_.core, recovered, now());
  outbox_ = std::make_unique<router::Outbox>(*this);
  undisturbed_since_ = schedule_.now();
  recorder_.line("router", "start", recovered.epoch);
  transcript_.say("router starts");
  plan_turn(schedule_.now());
}

void RouterProcess::crash() {
  if (!core_) return;
  // The commit under way may have reached the disk or not; nobody was told either way.
  if (committing_ && !committed_ && !commit_failed_ && chance_.one_in(2)) {
    journal_.commit(*committing_);
    recorder_.line("disk", "commit", committing_->last);
  }
  end_process();
}

void RouterProcess::end_process() {
  transcript_.say("router is dead");
  recorder_.line("router", "died");
  ++life_;
  core_.reset();
  outbox_.reset();
  effects_.clear();
  frontend_.clear();
  backend_.clear();
  gone_.clear();
  answers_.clear();
  committing_.reset();
  committed_ = commit_failed_ = read_failed_ = failing_commit_ = false;
  stalled_until_ = busy_until_ = {};
  stalled_ = {};
  turn_at_ = planned_ = Instant::max();
  network_->router_died();
  schedule_.after(chance_.between(Duration{0}, restart_max), [this, life = life_] {
    if (life == life_) start();
  });
}

void RouterProcess::stall(Duration length) {
  if (!is_awake()) return;
  stalled_ = length;
  stalled_until_ = undisturbed_since_ = schedule_.now() + length;
  recorder_.line("router", "mute");
  transcript_.say("router stalls");
  schedule_.at(stalled_until_, [this, life = life_] {
    if (life != life_) return;
    recorder_.line("router", "heard");
    turn();
  });
}

void RouterProcess::set_room(std::uint64_t bytes) {
  room_ = bytes;
  plan_turn(schedule_.now());
}

void RouterProcess::move_calendar(Milliseconds ahead) {
  ahead_ = ahead;
  recorder_.line("router", "clock", ahead.count());
  plan_turn(schedule_.now());
}

void RouterProcess::command(const core::Command& command) {
  if (!is_awake()) return;
  step(command);
  plan_turn(schedule_.now());
}

// ---- one turn of the loop
// ------------------------------------------------------------------------

void RouterProcess::plan_turn(Instant at) {
  if (!core_ || at == Instant::max()) return;
  at = std::max({at, stalled_until_, busy_until_, schedule_.now()});
  if (at >= turn_at_) return;
  turn_at_ = at;
  if (at == planned_) return;  // and not come yet: turns in between do not take it back
  if (at > schedule_.now()) planned_ = at;
  schedule_.at(at, [this, life = life_, at] {
    if (life != life_) return;
    if (planned_ == at) planned_ = Instant::max();
    if (turn_at_ == at) turn();
  });
}

void RouterProcess::turn() {
  turn_at_ = Instant::max();
  if (schedule_.now() < stalled_until_) return plan_turn(stalled_until_);
  has_turned_ = true;
  if (stalled_ > wake_interval) step(core::Stalled{stalled_ - wake_interval});
  stalled_ = {};
  if (commit_failed_ || read_failed_) return end_process();  // exit code 74
  hear_peers(core::Side::backend);
  hear_commit();
  hear_reader();
  hear_peers(core::Side::frontend);
  if (schedule_.now() >= core_->next_deadline()) step(core::Tick{});
  busy_until_ = schedule_.now() + chance_.between(Duration{1}, options_.turn_time);
  settle();
  plan_turn(core_->next_deadline());
}

void RouterProcess::hear_commit() {
  if (committed_) {
    committed_ = false;
    durable_ = committing_->last;
    pending_.recycle(std::move(*committing_));
    committing_.reset();
    step(core::Durable{durable_});
    told_room_ = 0;
  }
  const bool cancelled = pending_.cancelled_bytes() != cancelled_before_;
  if (told_room_ == room_ && room_ != 0 && !cancelled) return;
  cancelled_before_ = pending_.cancelled_bytes();
  const std::uint64_t waiting = pending_.bytes() + (committing_ ? committing_->bytes : 0);
  told_room_ = room_;
  step(core::Space{room_ > waiting ? room_ - waiting : 0});
}

void RouterProcess::hear_reader() {
  while (!answers_.empty()) {
    const core::Event answer = std::move(answers_.front());
    answers_.pop_front();
    step(answer);
  }
}

void RouterProcess::hear_peers(core::Side side) {
  drain(side);
  if (gone_.empty()) return;
  const auto other = std::stable_partition(
      gone_.begin(), gone_.end(), [&](const router::PeerAt& peer) { return peer.side == side; });
  std::vector<router::PeerAt> left(other, gone_.end());
  gone_.erase(other, gone_.end());
  drop_gone();
  gone_ = std::move(left);
}

void RouterProcess::drain(core::Side side) {
  std::swap(draining_, side == core::Side::backend ? backend_ : frontend_);
  for (const Input& input : draining_) take(input);
  draining_.clear();
}

void RouterProcess::take(const Input& input) {
  views_.assign(input.frames.begin(), input.frames.end());
  if (input.side == core::Side::backend) {
    auto decoded = wire::decode_backend(views_);
    if (!decoded) return step(core::Malformed{input.peer, input.side, decoded.error()});
    return step(core::FromWorker{input.peer, std::move(*decoded)});
  }
  auto decoded = wire::decode_frontend(views_);
  if (!decoded) return step(core::Malformed{input.peer, input.side, decoded.error()});
  if (std::holds_alternative<wire::Admin>(*decoded)) return;  // people's commands come as events
  step(core::FromClient{input.peer, std::move(*decoded)});
}

void RouterProcess::drop_gone() {
  for (const router::PeerAt& peer : gone_) {
    network_->forget(peer.peer);
    outbox_->forget(peer.peer);
    step(core::PeerGone{peer.peer});
  }
  gone_.clear();
}

void RouterProcess::settle() {
  do {
    drop_gone();
    hand_over();
    outbox_->flush();
    outbox_->take_refused(gone_);
  } while (!gone_.empty());
}

// Records first, then reads, then sends, as the shell's step does it.
void RouterProcess::step(const core::Event& event) {
  ++counts_.steps;
  const core::JournalSequence first = pending_.last() + 1;
  core_->step(event, now(), effects_);
  for (const core::Note& note : effects_.notes) {
    ++counts_.notes.at(static_cast<std::size_t>(note.kind));
  }
  transcript_.step(recorder_, *network_, event, effects_, first);
  pending_.add(effects_.records);
  if (pending_.full()) {
    core_->records_taken(pending_.last());
    pending_.close(core_->take_totals());
  }
  for (const core::Read& each : effects_.reads) read(each);
  for (const core::Send& each : effects_.sends) outbox_->add(each);
  effects_.clear();
  check_sometimes();
}

// The whole state is walked on a share of the steps that the seed draws.
void RouterProcess::check_sometimes() {
  if (!chance_.one_in(options_.check_one_in)) return;
  core_->check_invariants();
  transcript_.status(recorder_, *core_);
}

// ---- the disk
// ------------------------------------------------------------------------------------

void RouterProcess::hand_over() {
  while (!committing_ && pending_.empty() && pending_.last() != durable_) {
    durable_ = pending_.last();  // everything was cancelled
    recorder_.line("disk", "commit", durable_);
    step(core::Durable{durable_});
  }
  if (!committing_ && !pending_.empty() && !is_held()) begin_commit();
}

// Any moment is allowed; which one pays is journal::CommitPace's to say.
bool RouterProcess::is_held() {
  if (options_.hold == Duration{} || pending_.urgent() || pending_.has_closed()) return false;
  if (!held_until_) held_until_ = schedule_.now() + chance_.between({}, options_.hold);
  if (schedule_.now() >= *held_until_) return false;
  plan_turn(*held_until_);
  return true;
}

void RouterProcess::take_for_commit() {
  if (pending_.has_closed()) {
    committing_ = pending_.take_closed();
    return;
  }
  held_until_.reset();
  core_->records_taken(pending_.last());
  committing_ = pending_.take(core_->take_totals());
}

void RouterProcess::begin_commit() {
  take_for_commit();
  ++commits_begun_;
  schedule_.after(chance_.between(Duration{1}, options_.commit_time * 2), [this, life = life_] {
    if (life == life_) finish_commit();
  });
}

void RouterProcess::finish_commit() {
  const bool is_nth = commits_begun_ == fail.commit;
  has_failed_ = has_failed_ || is_nth;
  if (failing_commit_ || is_nth) {
    // An error says nothing of what reached the disk.
    if (chance_.one_in(2)) {
      journal_.commit(*committing_);
      recorder_.line("disk", "commit", committing_->last);
    }
    transcript_.say("a commit fails");
    commit_failed_ = true;
  } else {
    ++counts_.commits;
    journal_.commit(*committing_);
    recorder_.line("disk", "commit", committing_->last);
    committed_ = true;
  }
  plan_turn(schedule_.now());
}

// The snapshot is taken at some moment, the answer arrives at a later one.
void RouterProcess::read(const core::Read& read) {
  struct Answer {
    journal::MemoryJournal& journal;
    core::Event operator()(const core::ReadReady& r) const { return journal.read_ready(r); }
    core::Event operator()(const core::ReadLater& r) const { return journal.read_later(r); }
    core::Event operator()(const core::LoadJobs& r) const { return journal.load_jobs(r); }
    core::Event operator()(const core::LoadPayload& r) const { return journal.load_payload(r); }
    core::Event operator()(const core::LoadResults& r) const { return journal.load_results(r); }
  };
  const bool fails = ++reads_ == fail.read;
  has_failed_ = has_failed_ || fails;
  schedule_.after(chance_.between(Duration{0}, options_.read_time), [this, life = life_, read,
                                                                     fails] {
    if (life != life_) return;
    auto answer = std::make_shared<core::Event>(std::visit(Answer{journal_}, read));
    schedule_.after(chance_.between(Duration{0}, options_.read_time), [this, life, answer, fails] {
      if (life != life_) return;
      read_failed_ = read_failed_ || fails;
      answers_.push_back(std::move(*answer));
      plan_turn(schedule_.now());
    });
  });
}

// ---- the network
// ---------------------------------------------------------------------------------

void RouterProcess::hear(Peer peer, core::Side side, Frames frames) {
  if (!core_) return;
  (side == core::Side::backend ? backend_ : frontend_).push_back({peer, side, std::move(frames)});
  plan_turn(schedule_.now());
}

void RouterProcess::hear_opened(const Connection& connection) { transcript_.opened(connection); }

void RouterProcess::hear_gone(Peer peer) {
  if (!core_) return;
  gone_.push_back({peer, network_->connection(peer).side});
  plan_turn(schedule_.now());
}

net::SendStatus RouterProcess::send(core::Side side, Peer peer,
                                    std::span<const std::string_view> frames) {
  const bool is_nth = ++sends_ == fail.send;
  has_failed_ = has_failed_ || is_nth;
  if (is_nth) network_->refuse(peer);
  if (!network_->deliver(peer, side, frames)) return net::SendStatus::gone;
  return net::SendStatus::sent;
}

}  // namespace zcrew::sim
