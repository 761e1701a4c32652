#include "model_router.h"

#include "base/check.h"
#include "frames.h"
#include "wire/decode.h"

namespace zcrew::client {
namespace {

template <typename Entry>
std::string packed(const Entry& entry) {
  wire::Packer<Entry> packer;
  packer.add(entry);
  return std::string(packer.finish());
}

}  // namespace

void ModelRouter::receive(std::uint64_t peer, std::string_view frame) {
  const auto message = wire::decode_frontend({&frame, 1});
  if (!message) {
    complaints_.push_back("not a message: " + std::string(message.error().text));
    return;
  }
  std::visit([&](const auto& each) { on(peer, each); }, *message);
}

void ModelRouter::send(std::uint64_t peer, std::string bytes, bool may_be_lost) {
  if (may_be_lost && chance(mishaps_.lost_answer)) return;
  outbox.push_back({peer, std::move(bytes)});
}

// CONFIRM and RESULT, which may come twice; a SUBMIT is never refused twice.
void ModelRouter::send_fact(std::string bytes) {
  if (chance(mishaps_.repeated_answer)) send(*session_peer_, bytes, true);
  send(*session_peer_, std::move(bytes), true);
}

void ModelRouter::on(std::uint64_t peer, const wire::ClientHello& hello) {
  session_peer_ = peer;
  told_.clear();
  asked_.clear();
  memory_.knows_session = true;
  memory_.last = std::max(memory_.last, hello.floor - 1);
  memory_.batches.erase(memory_.batches.begin(), memory_.batches.lower_bound(hello.floor));
  const auto last =
      mishaps_.welcomes_with_durable ? std::max(durable_.last, hello.floor - 1) : memory_.last;
  send(peer, frame_of(wire::ClientWelcome{1, 1, 1000, 3, last, 40, 4000, 100}), false);
}

void ModelRouter::refuse(std::uint64_t peer, std::uint64_t batch, wire::ErrorCode code,
                         std::vector<wire::ItemError> items) {
  const wire::Refused refused{batch, code, prng_.below(300), memory_.last, "", std::move(items)};
  send(peer, frame_of(refused), code != wire::ErrorCode::session_unknown);
}

bool ModelRouter::refuse_at_random(std::uint64_t peer, const wire::Submit& submit) {
  if (!chance(mishaps_.refused_batch)) return false;
  constexpr wire::ErrorCode codes[] = {wire::ErrorCode::window_exceeded,
                                       wire::ErrorCode::queue_full, wire::ErrorCode::journal_full,
                                       wire::ErrorCode::shutting_down};
  refuse(peer, submit.batch, codes[prng_.below(4)]);
  return true;
}

void ModelRouter::on(std::uint64_t peer, const wire::Submit& submit) {
  if (chance(mishaps_.forgotten_session)) session_peer_.reset();
  if (session_peer_ != peer) {
    refuse(peer, submit.batch, wire::ErrorCode::session_unknown);
  } else if (submit.batch <= memory_.last) {
    repeat(submit);
  } else if (submit.batch > memory_.last + 1) {
    refuse(peer, submit.batch, wire::ErrorCode::out_of_order);
  } else if (!refuse_at_random(peer, submit)) {
    std::vector<wire::ItemError> errors;
    for (const wire::SubmitGroup& group : submit.groups) {
      for (const wire::SubmitItem& item : group.items) {
        if (item.payload.substr(0, faulty.size()) != faulty) continue;
        errors.push_back({item.index, wire::ErrorCode::option_unsupported});
      }
    }
    if (!errors.empty()) {
      refuse(peer, submit.batch, wire::ErrorCode::option_unsupported, std::move(errors));
    } else {
      accept(submit);
    }
  }
}

void ModelRouter::accept(const wire::Submit& submit) {
  memory_.last = submit.batch;
  for (const wire::SubmitGroup& group : submit.groups) {
    for (const wire::SubmitItem& item : group.items) {
      const JobId id{1, 5, sequence_++};
      const std::string payload(item.payload);
      const bool wants_result = group.options.result == wire::ResultMode::caller;
      memory_.jobs[id] = {payload, submit.batch, item.index, wants_result, false};
      memory_.batches[submit.batch][item.index] = id;
      ++memory_.accepted[payload];
    }
  }
}

void ModelRouter::repeat(const wire::Submit& submit) {
  const auto batch = memory_.batches.find(submit.batch);
  for (const wire::SubmitGroup& group : submit.groups) {
    for (const wire::SubmitItem& item : group.items) {
      const bool known = batch != memory_.batches.end() && batch->second.count(item.index) != 0;
      if (!known || memory_.jobs[batch->second[item.index]].payload != item.payload) {
        complaints_.push_back("batch " + std::to_string(submit.batch) + "[" +
                              std::to_string(item.index) + "] came before with another job");
        continue;
      }
      const JobId id = batch->second[item.index];
      told_.erase(id);
      if (durable_.jobs.count(id) != 0 || memory_.jobs[id].ended) tell(id);
    }
  }
}

void ModelRouter::tell(JobId id) {
  if (!session_peer_ || !told_.insert(id).second) return;
  const Job& job = memory_.jobs[id];
  if (memory_.batches.count(job.batch) == 0) return;  // below the floor
  if (job.ended && job.wants_result && memory_.results.count(id) != 0) {
    send_result(id, job.batch);
  } else {
    send_fact(packed(wire::Confirm{job.batch, job.index, 1, id}));
  }
}

void ModelRouter::send_result(JobId id, std::uint64_t batch) {
  if (!session_peer_) return;
  const Job& job = memory_.jobs[id];
  send_fact(
      packed(wire::JobResult{batch, job.index, id, wire::End::done, 1, "w", "", job.payload}));
}

void ModelRouter::end(JobId id) {
  Job& job = memory_.jobs[id];
  job.ended = true;
  done_.insert(job.payload);
  if (!job.wants_result) {
    tell(id);
    return;
  }
  told_.insert(id);
  memory_.results.insert(id);
  send_result(id, job.batch);
}

void ModelRouter::end_some_job() {
  if (memory_.jobs.empty()) return;
  auto at = memory_.jobs.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(prng_.below(memory_.jobs.size())));
  if (!at->second.ended) end(at->first);
}

void ModelRouter::end_all_jobs() {
  for (const auto& [id, job] : memory_.jobs) {
    if (!job.ended) end(id);
  }
}

void ModelRouter::on(std::uint64_t peer, const wire::Ask& ask) {
  if (session_peer_ != peer) return on(peer, wire::Heartbeat{});
  for (const JobId& id : ask.jobs) {
    const auto job = memory_.jobs.find(id);
    if (job == memory_.jobs.end()) {
      send_fact(packed(wire::JobResult{0, 0, id, wire::End::unknown, 0, "", "unknown", ""}));
    } else if (job->second.ended) {
      send_result(id, 0);
    }
  }
}

void ModelRouter::on(std::uint64_t, const wire::Acknowledge& acknowledge) {
  for (const JobId& id : acknowledge.jobs) memory_.results.erase(id);
}

void ModelRouter::on(std::uint64_t peer, const wire::Heartbeat&) {
  if (session_peer_ == peer) return send(peer, frame_of(wire::Heartbeat{}), false);
  send(peer, frame_of(wire::Error{wire::ErrorCode::session_unknown, ""}), false);
}

void ModelRouter::finish_commit() {
  durable_ = committing_;
  for (const auto& [id, job] : durable_.jobs) tell(id);
}

void ModelRouter::crash() {
  memory_ = durable_;
  committing_ = durable_;
  session_peer_.reset();
  sequence_ += 1000;  // reserved in blocks
  outbox.clear();
}

int ModelRouter::accepted(const std::string& payload) const {
  const auto at = memory_.accepted.find(payload);
  return at == memory_.accepted.end() ? 0 : at->second;
}

bool ModelRouter::is_safe(const JobId& id, const std::string& payload) const {
  for (const State* state : {&durable_, &memory_}) {
    const auto at = state->jobs.find(id);
    if (at != state->jobs.end() && at->second.payload == payload) {
      if (state == &durable_ || at->second.ended) return true;
    }
  }
  return was_done(payload);
}

}  // namespace zcrew::client
