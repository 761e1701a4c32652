#include "journal/memory_journal.h"

#include <limits>
#include <utility>

#include "base/limits.h"
#include "base/plant.h"
#include "journal/memory_commit.h"

namespace zcrew::journal {

namespace {

core::LoadedJob loaded(const JobId& id, core::Place place, WallTime due,
                       const MemoryState::Job& job) {
  core::LoadedJob out;
  out.id = id;
  out.place = place;
  out.due = due;
  out.header = job.header;
  out.payload_bytes = job.payload.size();
  if (job.payload.size() <= limits::inline_payload_bytes)
    out.payload = Payload::copy_of(job.payload.view());
  return out;
}

// For Bug::lose_last_batch only.
MemoryState& before_last_commit() {
  static MemoryState state;
  return state;
}

}  // namespace

MemoryJournal::MemoryJournal(MemoryState state)
    : state_(std::move(state)), room_(std::numeric_limits<std::uint64_t>::max() / 4) {}

void MemoryJournal::set_room(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  room_ = bytes;
}

core::Recovered MemoryJournal::open() {
  const std::lock_guard lock(mutex_);
  if (planted(Bug::lose_last_batch)) state_ = before_last_commit();
  core::Recovered recovered;
  recovered.epoch = ++state_.epoch;
  recovered.sequence_limit = state_.sequence_limit;
  recovered.counters = state_.counters;
  for (const auto& [number, settings] : state_.queues)
    recovered.queues.push_back({number, settings, state_.counts[number]});
  for (const auto& [uuid, instance] : state_.instances) recovered.instances.push_back(instance);
  for (const auto& [id, held] : state_.held) recovered.held.push_back(held);
  for (const auto& [uuid, session] : state_.sessions) recovered.sessions.push_back(session);
  for (const auto& [id, result] : state_.results) recovered.results.push_back(id);
  return recovered;
}

void MemoryJournal::commit(const Batch& batch) {
  const std::lock_guard lock(mutex_);
  if (planted(Bug::lose_last_batch)) before_last_commit() = state_;
  apply(state_, batch);
}

std::uint64_t MemoryJournal::make_room() {
  const std::lock_guard lock(mutex_);
  return room_;
}

core::JournalSequence MemoryJournal::as_of() const {
  return state_.committed_epoch == state_.epoch ? state_.committed : 0;
}

core::ReadyPage MemoryJournal::read_ready(const core::ReadReady& request) {
  const std::lock_guard lock(mutex_);
  core::ReadyPage page{request.queue, request.priority, request.after, {}, false, as_of()};
  std::size_t bytes = 0;
  auto at = state_.ready.upper_bound(JobId{request.queue, request.priority, request.after});
  for (;; ++at) {
    const bool inside = at != state_.ready.end() && at->first.queue == request.queue &&
                        at->first.priority == request.priority &&
                        (request.before == 0 || at->first.sequence < request.before);
    if (!inside) {
      page.reached_end = true;
      return page;
    }
    core::LoadedJob job = loaded(at->first, core::Place::ready, {}, at->second);
    bytes += limits::job_record_bytes + job.payload.size();
    if (page.jobs.size() >= request.jobs_max) return page;
    if (!page.jobs.empty() && bytes > request.bytes_max) return page;
    page.jobs.push_back(std::move(job));
  }
}

core::LaterPage MemoryJournal::read_later(const core::ReadLater& request) {
  const std::lock_guard lock(mutex_);
  core::LaterPage page{request.after_due, request.after_id, {}, false, as_of()};
  auto at = state_.later.upper_bound({request.after_due, request.after_id});
  for (;; ++at) {
    if (at == state_.later.end() || at->first.first > request.until) {
      page.reached_end = true;
      return page;
    }
    if (page.jobs.size() >= request.jobs_max) return page;
    const auto& [due, id] = at->first;
    page.jobs.push_back(loaded(id, core::Place::later, due, at->second));
  }
}

core::LoadedJob MemoryJournal::load(const JobId& id) const {
  if (const auto job = state_.ready.find(id); job != state_.ready.end())
    return loaded(id, core::Place::ready, {}, job->second);
  if (const auto due = state_.where.find(id); due != state_.where.end())
    return loaded(id, core::Place::later, due->second, state_.later.at({due->second, id}));
  if (const auto job = state_.dead.find(id); job != state_.dead.end())
    return loaded(id, core::Place::dead, {}, job->second);
  core::LoadedJob none;
  none.id = id;
  return none;
}

core::JobsLoaded MemoryJournal::load_jobs(const core::LoadJobs& request) {
  const std::lock_guard lock(mutex_);
  core::JobsLoaded answer{request.request, {}, as_of()};
  for (const JobId& id : request.jobs) answer.jobs.push_back(load(id));
  return answer;
}

core::PayloadLoaded MemoryJournal::load_payload(const core::LoadPayload& request) {
  const std::lock_guard lock(mutex_);
  const JobId& id = request.id;
  if (const auto job = state_.ready.find(id); job != state_.ready.end())
    return {id, Payload::copy_of(job->second.payload.view()), true};
  if (const auto due = state_.where.find(id); due != state_.where.end())
    return {id, Payload::copy_of(state_.later.at({due->second, id}).payload.view()), true};
  if (const auto job = state_.dead.find(id); job != state_.dead.end())
    return {id, Payload::copy_of(job->second.payload.view()), true};
  return {id, {}, false};
}

core::ResultsLoaded MemoryJournal::load_results(const core::LoadResults& request) {
  const std::lock_guard lock(mutex_);
  core::ResultsLoaded answer{request.request, {}, as_of()};
  for (const JobId& id : request.jobs) {
    core::LoadedResult loaded_result;
    loaded_result.id = id;
    if (const auto result = state_.results.find(id); result != state_.results.end()) {
      loaded_result.found = true;
      const core::PutResult& kept = result->second;
      loaded_result.result = kept;
      loaded_result.result.bytes = Payload::copy_of(kept.bytes.view());
    } else {
      loaded_result.place = load(id).place;
    }
    answer.results.push_back(std::move(loaded_result));
  }
  return answer;
}

DeadPage MemoryJournal::read_dead(QueueNumber queue, const JobId& after,
                                  std::uint32_t letters_max) {
  const std::lock_guard lock(mutex_);
  DeadPage page;
  const JobId first{queue, 0, 0};
  auto at = after < first ? state_.dead.lower_bound(first) : state_.dead.upper_bound(after);
  for (;; ++at) {
    if (at == state_.dead.end() || (queue != 0 && at->first.queue != queue)) {
      page.reached_end = true;
      return page;
    }
    if (page.letters.size() >= letters_max) return page;
    const MemoryState::Job& job = at->second;
    page.letters.push_back(
        {at->first, job.header, job.reason, job.died_at, job.payload.size(), job.history});
  }
}

std::vector<JobId> MemoryJournal::expired_results(WallTime until, std::uint32_t results_max) {
  const std::lock_guard lock(mutex_);
  std::vector<JobId> expired;
  for (const auto& [expires_at, id] : state_.results_by_expiry) {
    if (expires_at > until || expired.size() >= results_max) break;
    expired.push_back(id);
  }
  return expired;
}

Gauges MemoryJournal::gauges() { return {}; }

}  // namespace zcrew::journal
