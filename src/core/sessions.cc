#include "core/sessions.h"

#include <algorithm>
#include <utility>

namespace zcrew::core {

void Sessions::recover(const Recovered& recovered) {
  // The journal knows when a session last submitted. Its client may have been there since, so it
  // has as long to come back as its results are kept.
  const auto cast = [](Duration time) { return std::chrono::duration_cast<Milliseconds>(time); };
  const WallTime seen =
      context_.now.wall - cast(context_.config.session_ttl) + cast(context_.config.result_ttl);
  for (const PutSession& record : recovered.sessions) {
    ClientSession& session = add(ClientSession::from_record(record));
    session.last_seen = std::max(session.last_seen, seen);
  }
  const WallTime expires_at =
      context_.now.wall + std::chrono::duration_cast<Milliseconds>(context_.config.result_ttl);
  for (const JobId& id : recovered.results) {
    results_[id] = {0, expires_at, {}};
    results_by_expiry_.emplace(expires_at, id);
  }
}

ClientSession& Sessions::add(ClientSession session) {
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  by_uuid_[session.uuid()] = slot;
  slots_[slot].session = std::make_unique<ClientSession>(std::move(session));
  return *slots_[slot].session;
}

ClientSession* Sessions::of(Peer peer) {
  const auto at = by_peer_.find(peer);
  return at == by_peer_.end() ? nullptr : slots_[at->second].session.get();
}

ClientSession* Sessions::of(const Uuid& uuid) {
  const auto at = by_uuid_.find(uuid);
  return at == by_uuid_.end() ? nullptr : slots_[at->second].session.get();
}

SessionRef Sessions::reference(const ClientSession& session) const {
  const std::uint32_t slot = by_uuid_.at(session.uuid());
  return {slot, slots_[slot].generation};
}

ClientSession* Sessions::find(SessionRef reference) const {
  if (reference.generation == 0) return nullptr;
  const Slot& slot = slots_[reference.slot];
  return slot.generation == reference.generation ? slot.session.get() : nullptr;
}

ClientSession& Sessions::connect(Peer peer, const Uuid& uuid, const std::string& name) {
  ClientSession* session = of(uuid);
  if (session == nullptr) session = &add(ClientSession(uuid, name));
  session->rename(name);
  if (session->peer) by_peer_.erase(*session->peer);
  disconnect(peer);
  session->peer = peer;
  session->last_heard = context_.attended();
  session->last_seen = context_.now.wall;
  by_peer_[peer] = by_uuid_[uuid];
  return *session;
}

void Sessions::disconnect(Peer peer) {
  ClientSession* session = of(peer);
  if (session == nullptr) return;
  // One that never had a batch accepted left nothing: its next HELLO says all there is to know.
  if (!session->in_journal) return drop(Uuid{session->uuid()});
  session->peer.reset();
  session->last_seen = context_.now.wall;
  by_peer_.erase(peer);
}

void Sessions::drop(const Uuid& uuid) {
  const auto at = by_uuid_.find(uuid);
  if (at == by_uuid_.end()) return;
  Slot& slot = slots_[at->second];
  if (slot.session->peer) by_peer_.erase(*slot.session->peer);
  const bool in_journal = slot.session->in_journal;
  slot.session.reset();
  ++slot.generation;
  free_slots_.push_back(at->second);
  by_uuid_.erase(at);
  if (in_journal) context_.record(RemoveSession{uuid});
}

void Sessions::mark_changed(ClientSession& session) {
  if (session.changed) return;
  session.changed = session.in_journal = true;
  changed_.push_back(by_uuid_.at(session.uuid()));
}

std::vector<PutSession> Sessions::take_changed() {
  std::vector<PutSession> records;
  for (const std::uint32_t slot : changed_) {
    ClientSession* session = slots_[slot].session.get();
    if (session == nullptr || !session->changed) continue;
    session->changed = false;
    records.push_back(session->to_record(context_.now.wall));
  }
  changed_.clear();
  std::sort(records.begin(), records.end(),
            [](const PutSession& a, const PutSession& b) { return a.session < b.session; });
  return records;
}

std::uint64_t Sessions::awaited_jobs() {
  std::uint64_t jobs = 0;
  ++counts_;
  for (const Awaited& awaited : awaiting_) {
    ClientSession* session = find(awaited.session);
    if (session == nullptr || std::exchange(session->counted, counts_) == counts_) continue;
    jobs += session->unconfirmed_jobs();
  }
  return jobs;
}

void Sessions::await(ClientSession& session, std::uint64_t batch, JournalSequence number) {
  mark_changed(session);
  awaiting_.push_back({number, reference(session), batch});
}

void Sessions::on_durable() {
  while (!awaiting_.empty() && awaiting_.front().number <= context_.durable) {
    const Awaited awaited = awaiting_.front();
    awaiting_.pop_front();
    ClientSession* session = find(awaited.session);
    if (session == nullptr) continue;
    Batch* batch = session->find(awaited.batch);
    if (batch == nullptr) continue;
    context_.counters.confirmed += session->confirm_rest(*batch, [&](const BatchRun& run) {
      if (!session->peer) return;
      context_.send(*session->peer, Side::frontend,
                    wire::Confirm{run.batch, run.index, run.count, run.first});
    });
  }
  // After the confirms: a RESULT would be one, and no job is confirmed twice.
  while (!deaths_.empty() && deaths_.front().first <= context_.durable) {
    told_.push_back(std::move(deaths_.front().second));
    deaths_.pop_front();
  }
  for (const PutResult& death : told_) repeat_result(death);
}

void Sessions::repeat_confirms(ClientSession& session, Batch& batch) {
  if (!session.peer) return;
  for (const BatchRun& run : batch.runs) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const std::uint32_t index = run.index + i;
      const bool is_safe =
          batch.all_confirmed || (!batch.confirmed.empty() && batch.confirmed[index]);
      if (!is_safe) continue;
      JobId id = run.first;
      id.sequence += i;
      // Its RESULT is its confirm, once that is durable: a crash before would lose the result of a
      // job that its client counts as safe.
      const auto result = results_.find(id);
      if (result != results_.end() && result->second.put > context_.durable) continue;
      send_confirm(*session.peer, {batch.number, index, 1, id});
    }
  }
}

// Jobs of a batch that are told of one after the other are one entry.
void Sessions::send_confirm(Peer peer, const wire::Confirm& one) {
  auto& sends = context_.out->sends;
  if (!sends.empty() && sends.back().peer == peer) {
    auto* last = std::get_if<wire::Confirm>(&sends.back().message);
    if (last != nullptr && last->batch == one.batch && last->index + last->count == one.index &&
        last->first.queue == one.first.queue && last->first.priority == one.first.priority &&
        last->first.sequence + last->count == one.first.sequence) {
      ++last->count;
      return;
    }
  }
  context_.send(peer, Side::frontend, one);
}

void Sessions::confirm_one(const Job& job) {
  ClientSession* session = find(job.session);
  if (session == nullptr) return;
  Batch* batch = session->find(job.batch);
  if (batch == nullptr || !session->confirm(*batch, job.index, job.payload_bytes)) return;
  ++context_.counters.confirmed;
  if (!session->peer || job.header.result == wire::ResultMode::caller) return;
  send_confirm(*session->peer, {job.batch, job.index, 1, job.id});
}

void Sessions::tell_end(const Job& job, const Ending& ending) {
  confirm_one(job);
  if (ending.end == wire::End::expired) return tell_when_durable(job, ending);
  if (job.header.result != wire::ResultMode::caller) return;
  store_result(result_of(job, ending));
  const Origin& origin = job.header.origin;
  ClientSession* session = of(origin.session);
  if (session == nullptr || !session->peer) return;
  context_.send(*session->peer, Side::frontend,
                wire::JobResult{origin.batch, origin.index, job.id, ending.end, ending.attempts,
                                ending.worker, ending.reason, ending.bytes});
}

void Sessions::repeat_result(const PutResult& result) {
  ClientSession* session = of(result.origin.session);
  if (session == nullptr || !session->peer) return;
  context_.send(
      *session->peer, Side::frontend,
      wire::JobResult{result.origin.batch, result.origin.index, result.id, result.end,
                      result.attempts, result.worker, result.reason, result.bytes.view()});
}

PutResult Sessions::result_of(const Job& job, const Ending& ending) const {
  PutResult result;
  result.id = job.id;
  result.end = ending.end;
  result.attempts = ending.attempts;
  result.origin = job.header.origin;
  result.worker = ending.worker;
  result.reason = ending.reason;
  result.bytes = Payload::copy_of(ending.bytes);
  result.expires_at =
      context_.now.wall + std::chrono::duration_cast<Milliseconds>(context_.config.result_ttl);
  return result;
}

void Sessions::store_result(PutResult result) {
  // A session that said goodbye, or was dropped, takes no results any more.
  if (of(result.origin.session) == nullptr) return;
  const JobId id = result.id;
  const WallTime expires_at = result.expires_at;
  const auto [at, is_first] = results_.try_emplace(id);
  StoredResult& stored = at->second;
  stored.replaces = !is_first;
  if (!is_first) results_by_expiry_.erase({stored.expires_at, id});
  stored.expires_at = expires_at;
  stored.session = result.origin.session;
  stored.put = context_.record(std::move(result));
  results_by_expiry_.emplace(expires_at, id);
}

// Where it replaced another, a removal that only cancelled its put would leave that one for ever.
void Sessions::remove_result(Results::iterator at) {
  context_.record(RemoveResult{at->first, at->second.replaces ? 0 : at->second.put});
  results_by_expiry_.erase({at->second.expires_at, at->first});
  results_.erase(at);
}

void Sessions::tell_when_durable(const Job& job, const Ending& ending) {
  if (job.header.result != wire::ResultMode::caller) return;
  PutResult result = result_of(job, ending);
  store_result(result);
  deaths_.emplace_back(context_.last_record + 1, std::move(result));
}

void Sessions::acknowledge(const ClientSession& session, const std::vector<JobId>& jobs) {
  for (const JobId& id : jobs) {
    const auto at = results_.find(id);
    if (at == results_.end()) continue;
    const Uuid& owner = at->second.session;
    if (owner != Uuid{} && owner != session.uuid()) continue;
    remove_result(at);
  }
}

std::vector<Peer> Sessions::connected() const {
  std::vector<Peer> peers;
  for (const Slot& slot : slots_) {
    if (slot.session != nullptr && slot.session->peer) peers.push_back(*slot.session->peer);
  }
  return peers;
}

void Sessions::expire() {
  const Duration silence = context_.config.heartbeat * context_.config.liveness;
  for (const Peer peer : connected()) {
    const ClientSession& session = *of(peer);
    if (context_.attended() - session.last_heard <= 3 * silence) continue;
    context_.note(NoteKind::client_left, "client " + session.name() + " fell silent");
    disconnect(peer);
  }
  std::vector<Uuid> expired;
  for (const Slot& slot : slots_) {
    const ClientSession* session = slot.session.get();
    if (session == nullptr || session->peer) continue;
    if (context_.now.wall - session->last_seen > context_.config.session_ttl) {
      expired.push_back(session->uuid());
    }
  }
  for (const Uuid& uuid : expired) {
    context_.note(NoteKind::session_dropped,
                  "session " + to_text(uuid) + " was not heard of for days and is forgotten");
    drop(uuid);
  }
  while (!results_by_expiry_.empty() && results_by_expiry_.begin()->first <= context_.now.wall) {
    remove_result(results_.find(results_by_expiry_.begin()->second));
  }
}

}  // namespace zcrew::core
