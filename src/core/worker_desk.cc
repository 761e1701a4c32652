#include "core/worker_desk.h"

#include <algorithm>

#include "base/check.h"
#include "base/plant.h"

namespace zcrew::core {

namespace {

// Bytes a second a thin line is trusted to carry (design D8).
constexpr std::uint64_t thin_line = std::uint64_t{1} << 20U;

Duration allowance_for(std::uint64_t bytes) {
  if (bytes <= thin_line) return Duration{0};
  return Duration{static_cast<std::int64_t>(bytes * 1000000 / thin_line)};
}

// Jobs out longer than this get a row in `held` (design D6).
constexpr Duration long_held = std::chrono::seconds{1};

}  // namespace

// ---- who is who
// ----------------------------------------------------------------------------------

Worker* WorkerDesk::find(Peer peer) {
  const auto at = by_peer_.find(peer);
  return at == by_peer_.end() ? nullptr : at->second;
}

Worker* WorkerDesk::native(Peer peer) {
  Worker* worker = find(peer);
  if (worker != nullptr && worker->dialect == Dialect::native) {
    heard(*worker);
    return worker;
  }
  if (worker != nullptr) {
    // A Guide worker keeps its dialect; an answer in ours would only confuse it.
    ++context_.counters.malformed;
    return nullptr;
  }
  context_.send(peer, Side::backend,
                wire::Error{wire::ErrorCode::hello_first,
                            "this connection has no session: say HELLO on a new socket"});
  return nullptr;
}

Worker& WorkerDesk::add(Peer peer, Dialect dialect, std::string name) {
  auto made = std::make_unique<Worker>();
  Worker& worker = *made;
  worker.number = next_number_++;
  worker.dialect = dialect;
  worker.name = std::move(name);
  worker.peer = peer;
  by_peer_[peer] = &worker;
  workers_[worker.number] = std::move(made);
  return worker;
}

void WorkerDesk::remove(Worker& worker) {
  ZCREW_CHECK(worker.held == 0);
  dispatcher_.leave(worker);
  checks_.erase({worker.check_at, worker.number});
  if (worker.peer) by_peer_.erase(*worker.peer);
  if (worker.lookup) lookups_.erase(*worker.lookup);
  if (worker.dialect == Dialect::native) by_instance_.erase(worker.instance);
  joining_.erase(worker.number);
  workers_.erase(worker.number);
}

void WorkerDesk::heard(Worker& worker) {
  worker.last_heard = context_.attended();
  worker.allowance = {};
}

void WorkerDesk::schedule(Worker& worker, Instant at) {
  checks_.erase({worker.check_at, worker.number});
  worker.check_at = at;
  checks_.insert({at, worker.number});
}

Instant WorkerDesk::next_check() const {
  return checks_.empty() ? Instant::max() : checks_.begin()->first;
}

// ---- hand-outs
// -----------------------------------------------------------------------------------

void WorkerDesk::give(Job& job, Worker& worker) {
  book_.hand_out(job, &worker);
  worker.link(job);
  if (!job.payload_here) {
    job.waits_to_go = true;
    context_.read(LoadPayload{job.id, Place::ready});
  }
  if (worker.dialect != Dialect::native) {
    worker.lease_end = Instant::max();  // it begins when the job is sent
    if (!job.in_memory_only) {
      // It keeps nothing over a restart, so the journal must know before it can.
      job.waits_to_go = true;
      const auto lease = std::chrono::duration_cast<Milliseconds>(lease_of(job));
      book_.put_held_row(job, Uuid{}, context_.now.wall + lease);
      job.row_pending = true;
      departures_.push_back({context_.last_record, job.token});
    }
  }
  if (!job.waits_to_go) send_run(worker, job);
}

void WorkerDesk::send_run(Worker& worker, Job& job) {
  job.waits_to_go = false;
  job.handed_out = context_.attended();
  if (worker.dialect != Dialect::native) {
    worker.lease_end = context_.attended() + lease_of(job);
    if (worker.lease_end < worker.check_at) schedule(worker, worker.lease_end);
    return send(worker, ToGuideWorker{job.token, job.payload.view()});
  }
  const Duration allowance = allowance_for(job.payload_bytes);
  if (allowance.count() > 0) {
    worker.allowance += allowance;
    send(worker, wire::Heartbeat{job.payload_bytes});
  }
  send(worker, wire::RunItem{job.token, book_.attempt_of(job), job.header.time_limit_ms,
                             job.payload.view()});
  book_.drop_payload(job);
}

// Sends a RUN that waited, once nothing is missing any more.
void WorkerDesk::resume_departure(Job& job) {
  if (!job.waits_to_go || job.worker == nullptr || !job.payload_here || job.row_pending) return;
  if (!job.worker->peer) return;  // a suspect gets nothing, and does not lose what it never got
  const WallTime expires = job.header.expires_at;
  if (expires == WallTime{} || context_.now.wall <= expires) return send_run(*job.worker, job);
  Worker& worker = *job.worker;  // it expired while it waited: back, where that is noticed
  job.worker->unlink(job);
  book_.give_back(job);
  dispatcher_.update(worker);
}

void WorkerDesk::recall(Worker& worker, std::vector<Token> tokens) {
  context_.note(NoteKind::jobs_recalled, "worker " + worker.name + " is asked for " +
                                             std::to_string(tokens.size()) +
                                             " jobs back that wait there while others idle");
  send(worker, wire::Recall{std::move(tokens)});
}

void WorkerDesk::on_payload(const PayloadLoaded& loaded) {
  Job* job = book_.held(loaded.id);
  if (job == nullptr || job->payload_here) return;
  ZCREW_CHECK(loaded.found && loaded.payload.size() == job->payload_bytes);
  job->payload = loaded.payload;
  job->payload_here = true;
  resume_departure(*job);
}

void WorkerDesk::on_durable() {
  while (!departures_.empty() && departures_.front().number <= context_.durable) {
    const Token token = departures_.front().token;
    departures_.pop_front();
    Job* job = book_.held(token.job);
    if (job == nullptr || job->token != token) continue;
    job->row_pending = false;
    resume_departure(*job);
  }
  settle_durable();
  const std::set<std::uint32_t> joining = joining_;
  for (const std::uint32_t number : joining) welcome_if_ready(*workers_.at(number));
}

// ---- leaving
// -------------------------------------------------------------------------------------

void WorkerDesk::on(Peer peer, const wire::Drain& drain) {
  static_cast<void>(drain);
  Worker* worker = native(peer);
  if (worker == nullptr || worker->state != WorkerState::active) return;
  worker->state = WorkerState::draining;
  dispatcher_.update(*worker);
  context_.note(NoteKind::worker_draining, "worker " + worker->name + " finishes what it has");
}

void WorkerDesk::on(Peer peer, const wire::Heartbeat& heartbeat) {
  Worker* worker = native(peer);
  if (worker == nullptr) return;
  worker->allowance = allowance_for(std::min<std::uint64_t>(
      heartbeat.coming_bytes, limits::payload_bytes_max + limits::message_bytes_target));
}

void WorkerDesk::on(Peer peer, const wire::Bye& bye) {
  static_cast<void>(bye);
  Worker* worker = find(peer);
  if (worker == nullptr) return;
  if (worker->dialect != Dialect::native) {
    ++context_.counters.malformed;  // a peer keeps the dialect it started with
    return;
  }
  context_.note(NoteKind::worker_left, "worker " + worker->name + " left");
  while (worker->first_held != nullptr) {
    Job& job = *worker->first_held;
    job.worker->unlink(job);
    book_.give_back(job);
  }
  recovery_.reported(worker->instance);  // though it may not have been welcomed yet
  context_.record(RemoveInstance{worker->instance});
  known_.erase(worker->instance);
  remove(*worker);
}

void WorkerDesk::gone(Peer peer) {
  Worker* worker = find(peer);
  if (worker == nullptr) return;
  by_peer_.erase(peer);
  worker->peer.reset();
  if (worker->dialect != Dialect::native) {
    lose_guide_job(*worker, "its Guide worker " + worker->name + " disconnected");
    context_.note(NoteKind::worker_left, "Guide worker " + worker->name + " disconnected");
    return remove(*worker);
  }
  worker->state = WorkerState::suspect;
  joining_.erase(worker->number);
  worker->grace_end = context_.attended() +
                      (planted(Bug::no_grace) ? Duration{0} : context_.config.disconnect_grace);
  dispatcher_.update(*worker);
  schedule(*worker, worker->grace_end);
  context_.note(NoteKind::worker_suspect,
                "worker " + worker->name + " lost its connection; its jobs go elsewhere in " +
                    to_text(context_.config.disconnect_grace) + " unless it comes back");
}

void WorkerDesk::die(Worker& worker, const std::string& why) {
  context_.note(NoteKind::worker_dead, "worker " + worker.name + " is dead: " + why + "; " +
                                           std::to_string(worker.held) +
                                           " jobs go to other workers");
  if (worker.peer) {
    context_.send(*worker.peer, Side::backend,
                  wire::Error{wire::ErrorCode::declared_dead,
                              "this worker was silent for too long: say HELLO on a new socket"});
  }
  // Jobs it had not begun cannot have killed it: only as many as it ran at once count a crash.
  const std::uint32_t running = std::max<std::uint32_t>(worker.concurrency(), 1);
  for (std::uint32_t i = 0; worker.first_held != nullptr; ++i) {
    Job& job = *worker.first_held;
    const bool ran = i < running && !job.waits_to_go;
    job.worker->unlink(job);
    if (ran) {
      book_.crashed(job, worker.name, "worker " + worker.name + " died: " + why);
    } else {
      book_.give_back(job);
    }
  }
  recovery_.reported(worker.instance);  // nobody waits for the dead
  context_.record(RemoveInstance{worker.instance});
  known_.erase(worker.instance);
  remove(worker);
}

// ---- time
// ----------------------------------------------------------------------------------------

void WorkerDesk::tick() {
  while (!checks_.empty() && checks_.begin()->first <= context_.attended()) {
    const std::uint32_t number = checks_.begin()->second;
    check(*workers_.at(number));
  }
}

void WorkerDesk::check(Worker& worker) {
  if (worker.dialect == Dialect::native) {
    check_native(worker);
  } else {
    check_guide(worker);
  }
}

void WorkerDesk::check_native(Worker& worker) {
  const Instant now = context_.attended();
  if (worker.state == WorkerState::suspect) {
    if (now < worker.grace_end) return schedule(worker, worker.grace_end);
    return die(worker, "its connection is gone");
  }
  const Duration silence = context_.config.heartbeat * context_.config.liveness *
                           (planted(Bug::double_patience) ? 2 : 1);
  const Instant deadline = worker.last_heard + silence + worker.allowance;
  if (now >= deadline) return die(worker, "silent for " + to_text(now - worker.last_heard));
  note_held_rows(worker);
  beat(worker);
  schedule(worker, std::min(deadline, worker.last_sent + context_.config.heartbeat));
}

void WorkerDesk::beat(Worker& worker) {
  // A tenth early, so that a beat a little late still arrives within the interval it belongs to.
  const Duration interval = context_.config.heartbeat * 9 / 10;
  if (context_.attended() - worker.last_sent < interval) return;
  if (worker.dialect == Dialect::native) return send(worker, wire::Heartbeat{});
  if (worker.dialect == Dialect::guide) {
    worker.last_sent = context_.attended();
    return;
  }
  send(worker, GuideBeat{worker.dialect == Dialect::guide_byte ? wire::GuideSpelling::byte
                                                               : wire::GuideSpelling::word});
}

void WorkerDesk::note_held_rows(Worker& worker) {
  const Instant now = context_.attended();
  for (Job* job = worker.first_held; job != nullptr; job = job->next) {
    if (now - job->handed_out < long_held) return;  // the list is in order of hand-out
    if (!job->held_row && !job->in_memory_only) book_.put_held_row(*job, worker.instance, {});
  }
}

std::uint32_t WorkerDesk::set_weight(const std::string& name, std::uint32_t weight) {
  std::uint32_t changed = 0;
  for (const auto& [number, worker] : workers_) {
    if (worker->name != name && to_text(worker->instance) != name) continue;
    worker->weight = weight;
    worker->set_weight = weight;
    ++changed;
    if (worker->state == WorkerState::joining) {
      worker->tell_weight = true;  // before WELCOME it listens to nothing
    } else if (worker->dialect == Dialect::native) {
      send(*worker, wire::Capacity{weight, worker->concurrency()});
    }
    dispatcher_.weight_changed(*worker);
  }
  return changed;
}

bool WorkerDesk::holding() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const auto& entry) { return entry.second->held > 0; });
}

void WorkerDesk::say_bye() {
  for (const auto& [number, worker] : workers_) {
    if (worker->dialect == Dialect::native) send(*worker, wire::Bye{});
  }
}

std::vector<const Worker*> WorkerDesk::workers() const {
  std::vector<const Worker*> all;
  for (const auto& [number, worker] : workers_) all.push_back(worker.get());
  std::stable_sort(all.begin(), all.end(),
                   [](const Worker* a, const Worker* b) { return a->name < b->name; });
  return all;
}

void WorkerDesk::check_invariants() const {
  for (const auto& [number, worker] : workers_) {
    std::uint32_t held = 0;
    std::uint64_t held_bytes = 0;
    for (const Job* job = worker->first_held; job != nullptr; job = job->next) {
      ZCREW_CHECK(job->worker == worker.get() && job->state == JobState::held);
      ++held;
      held_bytes += job->payload_bytes;
    }
    ZCREW_CHECK(held == worker->held && held_bytes == worker->held_bytes);
    std::uint64_t waiting = 0;
    for (const Settling& each : settling_) {
      const bool its_own = worker->peer == each.peer && worker->session == each.session;
      if (its_own) waiting += each.run.count;
    }
    ZCREW_CHECK(!worker->peer || waiting == worker->unsettled);
    ZCREW_CHECK(worker->dialect == Dialect::native || held <= 1);
    ZCREW_CHECK(worker->listed == (worker->group != nullptr && dispatcher_.has_credit(*worker)));
    ZCREW_CHECK((worker->free_places > 0) ==
                (worker->listed && worker->held < worker->concurrency()));
    ZCREW_CHECK(checks_.count({worker->check_at, number}) == 1);
  }
  book_.for_each_held([&](const Job& job) {
    ZCREW_CHECK(job.worker == nullptr || workers_.count(job.worker->number) == 1);
  });
}

}  // namespace zcrew::core
