#include "core/orphans.h"

#include <algorithm>
#include <utility>

namespace zcrew::core {

void drop_late_reply(Context& context, const std::string& worker, const JobId& job) {
  ++context.counters.stale;
  context.note(NoteKind::outcome_stale, "a late reply of Guide worker " + worker + " for job " +
                                            to_text(job) + " is dropped");
}

void Orphans::begin(const Recovered& recovered) {
  for (const PutHeld& row : recovered.held) rows_[row.token.job] = row;
  if (rows_.empty()) return;
  LoadJobs lookup{deferred_.new_request(), {}};
  for (const auto& [id, row] : rows_) lookup.jobs.push_back(id);
  request_ = lookup.request;
  context_.recovering = true;
  deferred_.read(std::move(lookup));
}

bool Orphans::on_loaded(const JobsLoaded& loaded) {
  if (request_ == 0 || loaded.request != request_) return false;
  request_ = 0;
  for (const LoadedJob& found : loaded.jobs) {
    const PutHeld& row = rows_.at(found.id);
    const bool is_here = found.place == Place::ready && book_.may_be_ready_on_disk(found.id);
    // A worker may have reported it while this answer was on its way.
    if (is_here && book_.held(found.id) == nullptr) {
      Job& job = book_.adopt(found, row.token);
      job.held_row = true;
      job.held_since = row.since;
    } else if (Job* job = book_.held(found.id)) {
      job->held_row = true;
    } else {
      context_.record(RemoveHeld{found.id});
    }
    settle_early(found.id);
  }
  return true;
}

bool Orphans::at_guide(const Token& token) const {
  const auto row = rows_.find(token.job);
  return row != rows_.end() && row->second.token == token && row->second.lease_end != WallTime{};
}

bool Orphans::keep_reply(const Token& token, const std::string& worker, std::string_view body) {
  if (!loading() || !at_guide(token)) return false;
  // One a row at most, and no more than jobs may take in memory: tokens can be guessed.
  const std::size_t most = std::max(context_.config.ready_bytes, context_.config.payload_bytes_max);
  if (body.size() > most - early_bytes_) return false;
  const bool is_first = early_.try_emplace(token.job, Reply{worker, std::string(body)}).second;
  if (is_first) early_bytes_ += body.size();
  return is_first;
}

// Its reply was here before it: done, unless somebody else had it or it has left.
void Orphans::settle_early(const JobId& id) {
  const auto found = early_.find(id);
  if (found == early_.end()) return;
  const Reply& reply = told_.emplace_back(std::move(found->second));
  early_.erase(found);
  early_bytes_ -= reply.body.size();
  if (Job* job = unclaimed(id)) {
    ++context_.counters.resumed;
    book_.done(*job, reply.worker, reply.body);
  } else {
    drop_late_reply(context_, reply.worker, id);
  }
}

bool Orphans::outdoes(const Token& token) const {
  const auto row = rows_.find(token.job);
  return row != rows_.end() && std::pair(row->second.token.epoch, row->second.token.handout) >
                                   std::pair(token.epoch, token.handout);
}

Job* Orphans::unclaimed(const JobId& id) const {
  Job* job = book_.held(id);
  return job != nullptr && job->worker == nullptr ? job : nullptr;
}

void Orphans::tick() {
  if (loading()) return;
  for (auto at = rows_.begin(); at != rows_.end();) {
    const PutHeld& row = at->second;
    Job* job = unclaimed(at->first);
    const bool is_leased = row.lease_end != WallTime{};
    if (job != nullptr && (!is_leased || context_.now.wall < row.lease_end)) {
      ++at;
      continue;
    }
    if (job != nullptr) {
      context_.note(NoteKind::guide_lease_over,
                    "the lease of job " + to_text(job->id) + " ended and its worker is silent");
      book_.crashed(*job, "", "its lease from before the restart ended");
    }
    at = rows_.erase(at);
  }
}

void Orphans::give_up_missing() {
  for (auto at = rows_.begin(); at != rows_.end();) {
    const PutHeld& row = at->second;
    if (row.lease_end != WallTime{}) {
      ++at;
      continue;
    }
    if (Job* job = unclaimed(at->first)) {
      const auto missing = recovery_.missing().find(row.instance);
      if (missing != recovery_.missing().end()) {
        book_.crashed(*job, missing->second,
                      "worker " + missing->second + " did not come back after a restart");
      } else {
        book_.give_back(*job);  // its worker is here and does not have it
      }
    }
    at = rows_.erase(at);
  }
}

}  // namespace zcrew::core
