// The half of WorkerDesk for the ZeroMQ Guide's Paranoid Pirate workers (design D13). Such a worker
// says READY, takes one job at a time, is silent while it works, and keeps nothing.
#include <algorithm>

#include "core/worker_desk.h"

namespace zcrew::core {

namespace {

Dialect dialect_of(wire::GuideSpelling spelling) {
  return spelling == wire::GuideSpelling::byte ? Dialect::guide_byte : Dialect::guide_word;
}

}  // namespace

Worker& WorkerDesk::guide(Peer peer, Dialect dialect) {
  if (Worker* worker = find(peer)) {
    heard(*worker);
    return *worker;
  }
  Worker& worker = add(peer, dialect, "guide-" + std::to_string(next_number_));
  worker.state = WorkerState::active;
  worker.queues.push_back(book_.open_queue("default")->number);
  heard(worker);
  worker.last_sent = context_.attended();
  schedule(worker, context_.attended() + context_.config.heartbeat * 9 / 10);
  dispatcher_.join(worker);
  context_.note(NoteKind::worker_joined, "Guide worker " + worker.name + " is here");
  return worker;
}

// A peer keeps the dialect it started with; the other way round is native()'s to say.
bool WorkerDesk::refuses_guide(Peer peer) {
  const Worker* known = find(peer);
  if (known == nullptr || known->dialect != Dialect::native) return false;
  ++context_.counters.malformed;
  return true;
}

void WorkerDesk::on(Peer peer, const wire::GuideReady& ready) {
  if (refuses_guide(peer)) return;
  Worker& worker = guide(peer, dialect_of(ready.spelling));
  worker.dialect = dialect_of(ready.spelling);
  // READY on a known connection is a fresh start: what it had is lost.
  lose_guide_job(worker, "its Guide worker " + worker.name + " started anew");
  worker.overdue = false;
  dispatcher_.update(worker);
}

// A heartbeat never gives credit, except that a worker which outlived a router says nothing else.
void WorkerDesk::on(Peer peer, const wire::GuideHeartbeat& heartbeat) {
  if (refuses_guide(peer)) return;
  guide(peer, dialect_of(heartbeat.spelling)).dialect = dialect_of(heartbeat.spelling);
}

void WorkerDesk::on(Peer peer, const wire::GuideReply& reply) {
  if (refuses_guide(peer)) return;
  Worker& worker = guide(peer, Dialect::guide);
  worker.overdue = false;
  Job* job = book_.held(reply.token.job);
  const bool is_current =
      job != nullptr && job->token == reply.token &&
      (job->worker == &worker || (job->worker == nullptr && orphans_.at_guide(reply.token)));
  if (is_current) {
    if (job->worker == nullptr) {
      ++context_.counters.resumed;
    } else {
      job->worker->unlink(*job);
    }
    ++worker.done;
    book_.done(*job, worker.name, reply.body);
  } else if (orphans_.keep_reply(reply.token, worker.name, reply.body)) {
    ++worker.done;
  } else {
    drop_late_reply(context_, worker.name, reply.token.job);
  }
  dispatcher_.update(worker);
}

Duration WorkerDesk::lease_of(const Job& job) const {
  const Duration lease = context_.config.guide_lease;
  if (job.header.time_limit_ms == 0) return lease;
  return std::min<Duration>(lease,
                            Milliseconds{static_cast<std::int64_t>(job.header.time_limit_ms)});
}

void WorkerDesk::lose_guide_job(Worker& worker, const std::string& why) {
  while (worker.first_held != nullptr) {
    Job& job = *worker.first_held;
    const bool ran = !job.waits_to_go;
    job.worker->unlink(job);
    if (ran) {
      book_.crashed(job, worker.name, why);
    } else {
      book_.give_back(job);
    }
  }
}

void WorkerDesk::check_guide(Worker& worker) {
  const Instant now = context_.attended();
  const Duration interval = context_.config.heartbeat;
  if (worker.held > 0) {
    // Silent because it works: only the lease judges it.
    if (now >= worker.lease_end) {
      context_.note(NoteKind::guide_lease_over,
                    "Guide worker " + worker.name + " kept a job beyond its lease of " +
                        to_text(context_.config.guide_lease) + "; the job goes elsewhere");
      lose_guide_job(worker, "the lease at Guide worker " + worker.name + " was over");
      worker.overdue = true;
      dispatcher_.update(worker);
    }
  } else if (!worker.overdue && now - worker.last_heard >= interval * context_.config.liveness) {
    context_.note(NoteKind::worker_dead, "Guide worker " + worker.name + " is dead: silent for " +
                                             to_text(now - worker.last_heard));
    return remove(worker);
  } else if (worker.overdue && now - worker.lease_end >= context_.config.guide_lease) {
    context_.note(NoteKind::worker_dead,
                  "Guide worker " + worker.name + " is given up: a second lease passed in silence");
    return remove(worker);
  }
  beat(worker);
  Instant next = worker.last_sent + interval * 9 / 10;
  if (worker.held > 0) next = std::min(next, worker.lease_end);
  schedule(worker, std::max(next, now + Milliseconds{1}));
}

}  // namespace zcrew::core
