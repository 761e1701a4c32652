// The part of WorkerDesk that hears how attempts ended, and settles them.
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/plant.h"
#include "core/worker_desk.h"
#include "wire/runs.h"

namespace zcrew::core {

namespace {

// A moving average over about so many samples, behind so many more that were all alike.
template <std::uint64_t samples>
std::uint64_t average(std::uint64_t old, std::uint64_t sample, std::uint32_t times) {
  for (; times > 0; --times) {
    const std::uint64_t next = (old * (samples - 1) + sample) / samples;
    if (std::exchange(old, next) == next) break;  // so are the others
  }
  return old;
}

// Quick enough to follow a queue whose jobs change. Never 0, which means that nothing is known yet.
// A sample is what a peer says: 2⁵⁶ µs are 2,000 years.
std::uint64_t average_us(std::uint64_t old, std::uint64_t sample, std::uint32_t times) {
  sample = std::min(sample, std::uint64_t{1} << 56U);
  return std::max<std::uint64_t>(old == 0 ? sample : average<8>(old, sample, times), 1);
}

}  // namespace

void WorkerDesk::on(Peer peer, const wire::OutcomeMessage& message) {
  Worker* worker = native(peer);
  if (worker == nullptr) return;
  for (const wire::OutcomeItem& item : message.entries) take_outcomes(*worker, item);
  // Behind all confirms, so that those of jobs that follow each other can be one entry.
  for (const wire::TokenRun& run : settled_) send(*worker, run);
  settled_.clear();
  worker->quiet_since = context_.attended();
  dispatcher_.update(*worker);
}

// The jobs of a run were mostly handed out one behind the other, so that each leads to the next.
void WorkerDesk::take_outcomes(Worker& worker, const wire::OutcomeItem& run) {
  Job* expected = nullptr;
  bool learned = false;
  std::uint32_t stale = 0;  // right before this one
  for (std::uint32_t i = 0; i < run.count; ++i) {
    const Token token = wire::behind(run.token, i);
    const bool found = expected != nullptr && expected->token == token;
    Job* const job = found ? expected : book_.held(token.job);
    if (!is_current(worker, job, token)) {
      expected = nullptr;
      ++stale;
      continue;
    }
    drop_stale(worker, {wire::behind(run.token, i - stale), std::exchange(stale, 0)});
    if (!std::exchange(learned, true)) learn(worker, *job, run);
    expected = job->next;
    take_outcome(worker, *job, token, run);
  }
  drop_stale(worker, {wire::behind(run.token, run.count - stale), stale});
}

bool WorkerDesk::is_current(const Worker& worker, const Job* job, const Token& token) const {
  const bool is_held = job != nullptr && job->worker != nullptr && !job->waits_to_go;
  const bool is_ours = is_held && (job->worker == &worker || planted(Bug::foreign_outcome));
  return is_ours && (job->token == token || planted(Bug::ignore_attempt));
}

void WorkerDesk::drop_stale(Worker& worker, const wire::TokenRun& run) {
  if (run.count == 0) return;
  context_.counters.stale += run.count;
  const std::string jobs =
      run.count == 1 ? "job " + to_text(run.first.job)
                     : std::to_string(run.count) + " jobs from " + to_text(run.first.job) + " on";
  context_.note(NoteKind::outcome_stale, "an outcome of worker " + worker.name + " for " + jobs +
                                             " is dropped: the attempt is over already");
  settle_when_durable(worker, run);
}

void WorkerDesk::take_outcome(Worker& worker, Job& job, const Token& token,
                              const wire::OutcomeItem& item) {
  job.worker->unlink(job);
  const bool leaves_no_trace = book_.leaves_no_trace(job);
  switch (item.outcome) {
    case wire::Outcome::done:
      ++worker.done;
      book_.done(job, worker.name, item.bytes);
      // No restart can bring it back, so there is nothing to wait for.
      if (leaves_no_trace) return wire::append(settled_, token);
      break;
    case wire::Outcome::failed:
      ++worker.failed;
      book_.failed(job, worker.name, item.bytes, item.delay_ms);
      break;
    case wire::Outcome::rejected:
      ++worker.failed;
      book_.rejected(job, worker.name, item.bytes);
      break;
    case wire::Outcome::released:
      ++context_.counters.released;
      book_.give_back(job, item.delay_ms);
      break;
  }
  settle_when_durable(worker, {token, 1});
}

// The first job of a run speaks for all: they went out and came back together.
void WorkerDesk::learn(Worker& worker, const Job& job, const wire::OutcomeItem& run) {
  if (run.outcome == wire::Outcome::released) return;
  worker.service_us = average_us(worker.service_us, run.run_us, run.count);
  const auto elapsed = static_cast<std::uint64_t>((context_.attended() - job.handed_out).count());
  if (job.token.epoch == context_.epoch && elapsed > run.held_us) {
    worker.round_trip_us = average_us(worker.round_trip_us, elapsed - run.held_us, run.count);
  }
  Queue& queue = *book_.find_queue(job.id.queue);
  // Slower averages than above: these compare workers, and one odd job must not move the order.
  const std::uint64_t took = std::clamp<std::uint64_t>(run.run_us, 1, 1000000000);
  queue.mean_run_us =
      queue.mean_run_us == 0 ? took : average<64>(queue.mean_run_us, took, run.count);
  const std::uint64_t ratio = std::clamp<std::uint64_t>(
      took * 1000 / std::max<std::uint64_t>(queue.mean_run_us, 1), 1, 64000);
  worker.slowness = average<32>(worker.slowness, ratio, run.count);
}

// Whatever the outcome changed, or an earlier copy of it, is among the records so far.
void WorkerDesk::settle_when_durable(Worker& worker, const wire::TokenRun& run) {
  if (context_.last_record <= context_.durable || planted(Bug::settle_before_commit)) {
    return settle(worker, run);
  }
  settling_.push_back({context_.last_record, *worker.peer, worker.session, run});
  worker.unsettled += run.count;
}

void WorkerDesk::settle_durable() {
  Worker* worker = nullptr;  // mostly the same for many tokens in a row
  const auto turn_to = [&](Worker* next) {
    if (worker != nullptr) dispatcher_.update(*worker);
    worker = next;
  };
  auto at = settling_.begin();
  for (; at != settling_.end() && at->number <= context_.durable; ++at) {
    const Settling& settled = *at;
    if (worker == nullptr || worker->peer != settled.peer) turn_to(find(settled.peer));
    if (worker == nullptr || worker->session != settled.session) continue;
    worker->unsettled -= settled.run.count;
    settle(*worker, settled.run);
  }
  turn_to(nullptr);
  settling_.erase(settling_.begin(), at);
}

// Attempts settled one behind the other are one entry, up to what a message may hold.
void WorkerDesk::settle(Worker& worker, const wire::TokenRun& run) {
  auto& sends = context_.out->sends;
  if (!sends.empty() && sends.back().peer == worker.peer) {
    auto* last = std::get_if<wire::TokenRun>(&sends.back().message);
    if (last != nullptr && last->count + run.count <= limits::entries_per_message_max &&
        wire::is_behind(last->first, last->count, run.first)) {
      last->count += run.count;
      return;
    }
  }
  send(worker, run);
}

}  // namespace zcrew::core
