#include "core/dispatcher.h"

#include <algorithm>

#include "base/plant.h"

namespace zcrew::core {

namespace {

// Fixed point of virtual time and load: a hand-out to a worker of weight 1 counts this much.
constexpr std::uint64_t one = std::uint64_t{1} << 32U;

// How many of its own hand-outs a worker may fall behind its share while it has no credit, and
// catch up later. Shares at half load are off by 1 % then, by 10 % with 4; with a hundred and more,
// a worker that was long full gets everything for longer than a person waits to see its weights
// hold.
constexpr std::uint64_t owed_max = 32;

// Jobs that a worker will not begin soon go to it in runs: of a following, all wait as long whoever
// has which, but the messages of a run have jobs and their outcomes side by side, as memory has
// them. 16 workers get a quarter more done (zcrew bench --workers 16). A run is at most this long,
// and this part of what the worker has ahead already, so that loads stay even.
constexpr std::uint32_t run_max = 16;
constexpr std::uint32_t run_part = 8;
static_assert(run_max < owed_max, "or a run of one makes others lose what they are owed");

// Virtual time runs on and 64 bits end, after 2³² hand-outs of weight 1. Everybody steps back after
// 2¹⁶, idle workers too: 10,000 of them take half a millisecond, which is 2 ns a job of four busy
// ones beside them.
constexpr std::uint64_t step_back_at = std::uint64_t{1} << 48U;

std::size_t index_of(Policy policy) { return static_cast<std::size_t>(policy); }

std::uint64_t weight_of(const Worker& worker) { return std::max<std::uint32_t>(worker.weight, 1); }

// A hand-out, in virtual time.
std::uint64_t cost_of(const Worker& worker) { return one / weight_of(worker); }

std::uint64_t load_of(const Worker& worker) { return (worker.held + std::uint64_t{1}) * one; }

// What the policy looks at first.
std::uint64_t primary_key(const Worker& worker, Policy policy) {
  switch (policy) {
    case Policy::weighted:
      return worker.virtual_time;
    case Policy::least_loaded:
      return load_of(worker) / weight_of(worker);
    case Policy::adaptive:
      return load_of(worker) / (weight_of(worker) * worker.speed()) * 1000;
    case Policy::round_robin:
    case Policy::random:
      break;
  }
  return 0;
}

ChoiceKey key_of(const Worker& worker, Policy policy) {
  return {primary_key(worker, policy), worker.last_used, worker.number};
}

}  // namespace

// ---- WorkerGroup
// ---------------------------------------------------------------------------------

const ChoiceOrder::Entry* WorkerGroup::best(Policy policy) const {
  return orders_[index_of(policy)].first();
}

void WorkerGroup::weigh(Worker& worker) {
  worker.counted_weight = worker.weight;
  ++weights_[worker.counted_weight];
}

void WorkerGroup::unweigh(const Worker& worker) {
  const auto at = weights_.find(worker.counted_weight);
  if (--at->second == 0) weights_.erase(at);
}

void WorkerGroup::list(Worker& worker) {
  worker.listed = true;
  for (const Policy policy : ordered_) {
    orders_[index_of(policy)].insert(worker, key_of(worker, policy));
  }
  worker.position = random_.size();
  random_.push_back(&worker);
}

void WorkerGroup::relist(const Worker& worker) {
  for (const Policy policy : ordered_) {
    orders_[index_of(policy)].move(worker, key_of(worker, policy));
  }
}

void WorkerGroup::unlist(Worker& worker) {
  worker.listed = false;
  for (const Policy policy : ordered_) orders_[index_of(policy)].erase(worker);
  random_.back()->position = worker.position;
  std::swap(random_[worker.position], random_.back());
  random_.pop_back();
}

void WorkerGroup::use_policies() {
  std::vector<Policy> ordered;
  for (const Queue* queue : queues) {
    if (queue->settings.policy != Policy::random) ordered.push_back(queue->settings.policy);
  }
  std::sort(ordered.begin(), ordered.end());
  ordered.erase(std::unique(ordered.begin(), ordered.end()), ordered.end());
  if (ordered == ordered_) return;
  const std::vector<Worker*> listed = random_;
  for (Worker* worker : listed) unlist(*worker);
  ordered_ = std::move(ordered);
  for (Worker* worker : listed) list(*worker);
}

void WorkerGroup::enqueue(std::size_t slot) {
  in_ring_.resize(queues.size());
  if (in_ring_[slot]) return;
  in_ring_[slot] = true;
  ring_.push_back({slot, queues[slot]->settings.weight});
}

Queue* WorkerGroup::front() { return ring_.empty() ? nullptr : queues[ring_.front().slot]; }

void WorkerGroup::served() {
  Waiting& waiting = ring_.front();
  if (waiting.turns > 1) {
    --waiting.turns;
    return;
  }
  waiting.turns = queues[waiting.slot]->settings.weight;
  if (&waiting == &ring_.back()) return;  // alone, as most are
  ring_.push_back(waiting);
  ring_.pop_front();
}

void WorkerGroup::pop() {
  in_ring_[ring_.front().slot] = false;
  ring_.pop_front();
}

// ---- Dispatcher
// ----------------------------------------------------------------------------------

void Dispatcher::join(Worker& worker) {
  std::vector<QueueNumber> key = worker.queues;
  std::sort(key.begin(), key.end());
  std::unique_ptr<WorkerGroup>& group = groups_[key];
  if (group == nullptr) {
    group = std::make_unique<WorkerGroup>();
    for (const QueueNumber number : key) {
      Queue* queue = book_.find_queue(number);
      for (const Queue::Membership& other : queue->groups) {
        group->virtual_now = std::max(group->virtual_now, other.group->virtual_now);
      }
      queue->groups.push_back({group.get(), group->queues.size()});
      group->queues.push_back(queue);
    }
  }
  worker.group = group.get();
  worker.virtual_time = group->virtual_now;
  worker.last_used = 0;
  group->members.insert(&worker);
  group->weigh(worker);
  group->use_policies();
  for (std::size_t slot = 0; slot < group->queues.size(); ++slot) {
    group->enqueue(slot);
    book_.feed_all(*group->queues[slot]);
  }
  update(worker);
}

void Dispatcher::leave(Worker& worker) {
  if (worker.group == nullptr) return;
  count_places(worker, 0, false);
  WorkerGroup* group = std::exchange(worker.group, nullptr);
  if (worker.listed) group->unlist(worker);
  group->members.erase(&worker);
  group->unweigh(worker);
  if (!group->members.empty()) return;
  for (Queue* queue : group->queues) {
    auto& groups = queue->groups;
    groups.erase(std::remove_if(groups.begin(), groups.end(),
                                [&](const auto& member) { return member.group == group; }),
                 groups.end());
  }
  able_.erase(group);
  std::vector<QueueNumber> key;
  for (const Queue* queue : group->queues) key.push_back(queue->number);
  groups_.erase(key);
}

void Dispatcher::weight_changed(Worker& worker) {
  if (worker.group != nullptr) {
    worker.group->unweigh(worker);
    worker.group->weigh(worker);
  }
  update(worker);
}

// What was handed out under another policy owes nobody anything: all start level.
void Dispatcher::policy_changed(Queue& queue) {
  for (const Queue::Membership& member : queue.groups) {
    member.group->use_policies();
    for (Worker* worker : member.group->members) {
      worker->virtual_time = member.group->virtual_now;
      update(*worker);
    }
  }
}

bool Dispatcher::has_credit(const Worker& worker) const {
  if (worker.state != WorkerState::active || worker.weight == 0 || worker.overdue) return false;
  if (worker.unsettled >= limits::unsettled_max) return false;
  const std::uint32_t places =
      planted(Bug::double_credit) ? 2 * worker.concurrency() : worker.concurrency();
  if (worker.held < places) return true;
  return worker.held_bytes < limits::prefetch_bytes_max &&
         worker.held - places <
             worker.prefetch(context_.config.prefetch_max, context_.config.prefetch_run_max);
}

void Dispatcher::update(Worker& worker) {
  if (worker.group == nullptr) return;
  const bool has_credit = this->has_credit(worker);
  count_places(worker, has_credit);
  if (!has_credit) {
    if (worker.listed) worker.group->unlist(worker);
    return;
  }
  if (worker.listed) return worker.group->relist(worker);
  catch_up(worker, cost_of(worker));
  worker.group->list(worker);
  may_serve(*worker.group);
}

void Dispatcher::may_serve(WorkerGroup& group) {
  if (group.has_credit() && group.front() != nullptr) able_.insert(&group);
}

bool Dispatcher::ByQueues::operator()(const WorkerGroup* a, const WorkerGroup* b) const {
  return std::lexicographical_compare(
      a->queues.begin(), a->queues.end(), b->queues.begin(), b->queues.end(),
      [](const Queue* left, const Queue* right) { return left->number < right->number; });
}

// Each hand-out comes here: mostly nothing has changed but one number.
void Dispatcher::count_places(Worker& worker, bool has_credit) {
  const std::uint32_t places = worker.concurrency();
  const bool has_free = has_credit && places > worker.held;
  const bool is_ahead =
      worker.recalls && worker.state == WorkerState::active && worker.held > places;
  count_places(worker, has_free ? places - worker.held : 0, is_ahead);
}

void Dispatcher::count_places(Worker& worker, std::uint32_t free, bool ahead) {
  const std::uint64_t change = std::uint64_t{free} - worker.free_places;
  worker.group->free_places += change;
  free_places_ += change;
  worker.free_places = free;
  if (ahead != (worker.ahead_position != Worker::nowhere)) list_ahead(worker, ahead);
}

[[gnu::noinline]] void Dispatcher::list_ahead(Worker& worker, bool ahead) {
  if (ahead) {
    worker.quiet_since = context_.attended();
    worker.ahead_position = ahead_.size();
    ahead_.push_back(&worker);
  } else {
    ahead_.back()->ahead_position = worker.ahead_position;
    std::swap(ahead_[worker.ahead_position], ahead_.back());
    ahead_.pop_back();
    worker.ahead_position = Worker::nowhere;
  }
}

std::uint64_t Dispatcher::free_places(const Queue& queue) {
  std::uint64_t free = 0;
  for (const Queue::Membership& member : queue.groups) free += member.group->free_places;
  return free;
}

void Dispatcher::catch_up(Worker& worker, std::uint64_t cost) {
  const std::uint64_t now = worker.group->virtual_now;
  const std::uint64_t lag = owed_max * cost;
  if (now > lag) worker.virtual_time = std::max(worker.virtual_time, now - lag);
}

void Dispatcher::charge(const Queue& queue, Worker& worker) {
  for (const Queue::Membership& member : queue.groups) {
    std::uint64_t& now = member.group->virtual_now;
    now = std::max(now, worker.virtual_time);
  }
  latest_ = std::max(latest_, worker.virtual_time);
  const std::uint64_t cost = cost_of(worker);
  catch_up(worker, cost);
  worker.virtual_time += cost;
}

void Dispatcher::step_back() {
  const std::uint64_t step = latest_ - owed_max * one;
  const auto earlier = [step](std::uint64_t time) { return std::max(time, step) - step; };
  for (const auto& [key, group] : groups_) {
    group->virtual_now = earlier(group->virtual_now);
    for (Worker* worker : group->members) {
      worker->virtual_time = earlier(worker->virtual_time);
      if (worker->listed) group->relist(*worker);
    }
  }
  latest_ = earlier(latest_);
}

Worker* Dispatcher::choose(const Queue& queue) {
  if (queue.settings.policy == Policy::random) {
    std::size_t all = 0;
    for (const auto& member : queue.groups) all += member.group->candidates();
    if (all == 0) return nullptr;
    std::size_t pick = context_.prng.below(all);
    for (const auto& member : queue.groups) {
      if (pick < member.group->candidates()) return member.group->candidate(pick);
      pick -= member.group->candidates();
    }
  }
  const ChoiceOrder::Entry* best = nullptr;
  for (const auto& member : queue.groups) {
    const ChoiceOrder::Entry* top = member.group->best(queue.settings.policy);
    if (top != nullptr && (best == nullptr || top->key < best->key)) best = top;
  }
  return best == nullptr ? nullptr : best->worker;
}

Job* Dispatcher::next_job(Queue& queue) {
  const QueueSettings& settings = queue.settings;
  if (settings.paused) return nullptr;
  if (settings.max_held > 0 && queue.counts.held >= settings.max_held) return nullptr;
  // Even a job that its worker failed or lost by now: a newer attempt may be out elsewhere.
  const Sequence from = context_.recovering ? book_.first_sequence() : 0;
  while (Job* job = queue.next(context_.now.wall, context_.config.age_step, from)) {
    const WallTime expires = job->header.expires_at;
    if (expires == WallTime{} || context_.now.wall <= expires || planted(Bug::expired_starts)) {
      return job;
    }
    book_.expired(*job);
  }
  return nullptr;
}

void Dispatcher::run(const std::function<void(Job&, Worker&)>& give) {
  for (Queue* queue : book_.woken()) {
    queue->woken = false;
    for (const auto& member : queue->groups) {
      member.group->enqueue(member.slot);
      may_serve(*member.group);
    }
  }
  book_.woken().clear();
  if (context_.stopping) return;
  if (latest_ >= step_back_at) step_back();
  for (auto at = able_.begin(); at != able_.end(); at = able_.erase(at)) {
    WorkerGroup* group = *at;
    while (group->has_credit()) {
      Queue* queue = group->front();
      if (queue == nullptr) break;
      Job* job = next_job(*queue);
      if (job == nullptr) {
        group->pop();
        continue;
      }
      Worker* worker = choose(*queue);
      std::uint32_t left = run_length(*queue, *worker);
      do {
        if (queue->settings.policy == Policy::weighted) charge(*queue, *worker);
        worker->last_used = ++uses_;
        group->served();
        give(*job, *worker);
        const bool goes_on = --left > 0 && group->front() == queue && has_credit(*worker);
        job = goes_on ? next_job(*queue) : nullptr;
      } while (job != nullptr);
      update(*worker);
    }
  }
}

// `random` draws for each job. Under `weighted` a run is a worker's part of the heaviest one's, so
// that a light one does not get ahead of its share by more than the others remember.
std::uint32_t Dispatcher::run_length(const Queue& queue, const Worker& worker) {
  const Policy policy = queue.settings.policy;
  if (worker.held <= worker.concurrency() || policy == Policy::random) return 1;
  const std::uint32_t ahead = worker.held - worker.concurrency();
  std::uint64_t length = std::min(run_max, ahead / run_part);
  if (policy == Policy::weighted) {
    std::uint32_t heaviest = worker.weight;
    for (const auto& member : queue.groups) heaviest = std::max(heaviest, member.group->heaviest());
    length = length * worker.weight / std::max(heaviest, 1U);
  }
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(length, 1));
}

}  // namespace zcrew::core
