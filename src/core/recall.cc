#include "core/recall.h"

#include <algorithm>
#include <utility>

namespace zcrew::core {

namespace {

// Between two looks, while somebody idles and somebody has more than it can run. What a look costs
// is bounded below, so that it is nothing beside this.
constexpr Duration look_every = Milliseconds{10};
constexpr std::size_t workers_a_look = 64;
constexpr std::size_t jobs_a_recall = 1024;  // 24 KiB of tokens

}  // namespace

bool Recall::is_wanted() const {
  return dispatcher_.free_places() > 0 && !dispatcher_.ahead().empty() && !context_.recovering &&
         !context_.stopping;
}

Instant Recall::deadline() const { return is_wanted() ? next_look_ : Instant::max(); }

void Recall::tick(const std::function<void(Worker&, std::vector<Token>)>& ask) {
  if (!is_wanted() || context_.attended() < next_look_) return;
  next_look_ = context_.attended() + look_every;
  const std::vector<Worker*>& ahead = dispatcher_.ahead();
  const std::size_t count = std::min(ahead.size(), workers_a_look);
  std::uint64_t free = dispatcher_.free_places();
  for (std::size_t i = 0; i < count && free > 0; ++i) {
    Worker& worker = *ahead[turn_++ % ahead.size()];
    if (!is_awaited(worker)) continue;
    const std::uint32_t excess = this->excess(worker);
    if (excess == 0) continue;
    std::vector<Token> tokens = take(worker, excess);
    if (tokens.empty()) continue;
    free -= std::min<std::uint64_t>(free, tokens.size());
    ask(worker, std::move(tokens));
  }
}

bool Recall::is_awaited(const Worker& worker) const {
  return std::any_of(worker.queues.begin(), worker.queues.end(),
                     [this](QueueNumber number) { return takers(*book_.find_queue(number)) > 0; });
}

// How many jobs the worker holds above what it would be sent now, if that is worth a recall: it is
// stuck, or has more to do before they begin than a recall takes. What a worker has ahead by right
// is a round trip's work and a few jobs, so the end of a burst of quick jobs is no reason.
std::uint32_t Recall::excess(Worker& worker) {
  if (worker.recall_open) return 0;
  const Duration run_max = context_.config.prefetch_run_max;
  const Duration round_trip{static_cast<std::int64_t>(worker.round_trip_us)};
  const Duration patience = run_max + round_trip + worker.allowance;
  const Duration quiet = context_.attended() - worker.quiet_since;
  const bool is_stuck = quiet > patience;
  // All that runs there has run for so long; only the first short outcomes will tell otherwise.
  if (is_stuck) {
    worker.service_us = std::max(worker.service_us, static_cast<std::uint64_t>(quiet.count()));
    dispatcher_.update(worker);  // its prefetch is over
  }
  const std::uint32_t places = std::max<std::uint32_t>(worker.concurrency(), 1);
  const std::uint32_t due = places + worker.prefetch(context_.config.prefetch_max, run_max);
  if (worker.held <= due) return 0;
  const std::uint32_t excess = worker.held - due;
  if (is_stuck) return excess;
  const std::uint64_t soon = static_cast<std::uint64_t>(patience.count()) * places /
                             std::max<std::uint64_t>(worker.service_us, 1);
  return excess > soon ? excess : 0;
}

// Places that are free for a job of the queue and stay so for want of jobs.
std::uint64_t Recall::takers(const Queue& queue) {
  const QueueSettings& settings = queue.settings;
  if (settings.paused) return 0;
  const bool is_full = settings.max_held > 0 && queue.counts.held >= settings.max_held;
  if (queue.counts.ready > 0 && !is_full) return 0;
  return Dispatcher::free_places(queue);
}

// The newest of the excess that others can take, and of them a fair share: what remains and what
// goes should end together.
std::vector<Token> Recall::take(Worker& worker, std::uint32_t excess) {
  std::vector<Job*> movable;
  std::uint64_t places = 0;
  Job* job = worker.last_held;
  for (std::size_t i = 0; i < std::min<std::size_t>(excess, jobs_a_recall); ++i) {
    const std::uint64_t free = takers(*book_.find_queue(job->id.queue));
    if (free > 0 && !job->waits_to_go) movable.push_back(job);
    places = std::max(places, free);
    job = job->previous;
  }
  if (movable.empty()) return {};
  const std::uint64_t all = places + std::max<std::uint32_t>(worker.concurrency(), 1);
  movable.resize((movable.size() * places + all - 1) / all);
  std::vector<Token> tokens;
  for (Job* taken : movable) {
    taken->recalled = true;
    tokens.push_back(taken->token);
  }
  worker.recall_open = true;
  return tokens;
}

}  // namespace zcrew::core
