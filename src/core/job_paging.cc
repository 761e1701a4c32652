// The half of JobBook that deals with time, disk and looking.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/plant.h"
#include "core/job_book.h"

namespace zcrew::core {

namespace {

// A lane, or what waits for its time, with less than a page in memory asks for the next one. At a
// million jobs a second a page is four milliseconds' worth, and between asking for it and having it
// lie one or two turns of the loop: with a quarter of it, workers waited for the disk (a drain is 7
// % slower).
constexpr std::uint32_t page_jobs_max = 4096;
constexpr std::size_t low_water = page_jobs_max;
constexpr std::uint32_t page_jobs_min = 32;
constexpr std::size_t page_bytes_max = std::size_t{4} << 20U;

// Due jobs moved in one step: a storm of them must not hold up heartbeats.
constexpr int due_per_step = 2000;

}  // namespace

// ---- paging
// --------------------------------------------------------------------------------------

std::uint32_t JobBook::page_size() const {
  const std::size_t used = std::min(window_bytes_, context_.config.ready_bytes);
  const std::size_t room = (context_.config.ready_bytes - used) / (sizeof(Job) + 256);
  return std::clamp(static_cast<std::uint32_t>(std::min<std::size_t>(room, page_jobs_max)),
                    page_jobs_min, page_jobs_max);
}

void JobBook::feed(Queue& queue, Priority priority) {
  Lane& lane = queue.lane(priority);
  if (!lane.gap().open() || lane.hungry || lane.gap().page_in_flight()) return;
  if (lane.ahead() >= low_water || !has_room(lane.ahead())) return;
  lane.hungry = true;
  hungry_.emplace_back(&queue, priority);
}

void JobBook::feed_all(Queue& queue) {
  for (Priority priority = 0; priority < priority_count; ++priority) {
    if (queue.lanes[priority] != nullptr) feed(queue, priority);
  }
}

void JobBook::page_lane(Queue& queue, Priority priority) {
  Gap<Sequence>& gap = queue.lane(priority).gap();
  const Sequence before = gap.endless() ? std::numeric_limits<Sequence>::max() : gap.end();
  gap.page_asked(context_.durable);
  context_.read(
      ReadReady{queue.number, priority, gap.begin(), before, page_size(), page_bytes_max});
}

void JobBook::page_in() {
  if (!context_.recovering) {
    std::size_t kept = 0;
    for (const auto& [queue, priority] : hungry_) {
      Lane& lane = queue->lane(priority);
      const bool wanted = lane.gap().open() && !queue->groups.empty();
      const bool now = wanted && lane.gap().can_page(context_.durable);
      if (now) page_lane(*queue, priority);
      lane.hungry = wanted && !now;
      if (lane.hungry) hungry_[kept++] = {queue, priority};
    }
    hungry_.resize(kept);
  }
  Gap<LaterKey>& gap = later_.gap();
  const bool few = later_.in_memory() < low_water && has_room(later_.in_memory());
  if (few && gap.can_page(context_.durable)) {
    gap.page_asked(context_.durable);
    context_.read(ReadLater{gap.begin().due, gap.begin().id, WallTime::max(), page_size()});
  }
}

void JobBook::on_page(const ReadyPage& page) {
  Queue* queue = find_queue(page.queue);
  if (queue == nullptr) return;
  Lane& lane = queue->lane(page.priority);
  lane.gap().page_arrived(
      page.jobs, page.reached_end, page.as_of,
      [](const LoadedJob& loaded) { return loaded.id.sequence; },
      [&](const LoadedJob& loaded) {
        if (held(loaded.id) != nullptr) return;  // out; its record stays where it was
        Job& job = load(loaded);
        job.state = JobState::ready;
        enter_window(job);
        lane.page_in(job);
      });
  if (page.reached_end && has_room(lane.in_memory())) lane.caught_up(next_sequence_);
  feed(*queue, page.priority);
  wake(*queue);
}

void JobBook::on_page(const LaterPage& page) {
  later_.gap().page_arrived(
      page.jobs, page.reached_end, page.as_of,
      [](const LoadedJob& loaded) {
        return LaterKey{loaded.due, loaded.id};
      },
      [&](const LoadedJob& loaded) {
        Job& job = load(loaded);
        job.state = JobState::later;
        enter_window(job);
        later_.page_in(job);
      });
}

void JobBook::release_due() {
  for (int i = 0; i < due_per_step; ++i) {
    Job* job = later_.due(context_.now.wall +
                          (planted(Bug::early_due) ? Milliseconds{500} : Milliseconds{0}));
    if (job == nullptr) return;
    Queue& queue = *find_queue(job->id.queue);
    leave_window(queue, *job);
    job->last_record = context_.record(MoveToReady{job->id, job->due});
    move<&QueueCounts::later, &QueueCounts::ready>(queue, *job);
    enter_ready(queue, *job, job->last_record);
  }
}

// Jobs in the windows; one further back waits its turn to be seen. While the router recovers, a job
// that looks ready may be at its worker.
void JobBook::expire_overdue() {
  if (context_.recovering || planted(Bug::expired_starts)) return;
  for (int i = 0; i < due_per_step && !expiring_.empty(); ++i) {
    const auto& [at, id] = *expiring_.begin();
    if (context_.now.wall <= at) return;
    Job* job = ready_in_memory(id);
    ZCREW_CHECK(job != nullptr);
    expired(*job);
  }
}

std::optional<WallTime> JobBook::next_due() const {
  std::optional<WallTime> next = later_.next_due();
  if (context_.recovering || expiring_.empty()) return next;
  const WallTime expiry = expiring_.begin()->first + Milliseconds{1};
  return next ? std::min(*next, expiry) : expiry;
}

// ---- finding
// -------------------------------------------------------------------------------------

Job* JobBook::held(const JobId& id) const { return held_.find(id); }

Job* JobBook::ready_in_memory(const JobId& id) {
  Queue* queue = find_queue(id.queue);
  if (queue == nullptr || queue->lanes[id.priority] == nullptr) return nullptr;
  return queue->lanes[id.priority]->find(id.sequence);
}

bool JobBook::may_be_ready_on_disk(const JobId& id) {
  Queue* queue = find_queue(id.queue);
  if (queue == nullptr || queue->lanes[id.priority] == nullptr) return false;
  return queue->lanes[id.priority]->gap().shows(id.sequence);
}

bool JobBook::disk_is_seen(const LoadedJob& found, JournalSequence as_of) {
  const JobId& id = found.id;
  if (found.place == Place::later && later_.gap().contains({found.due, id}) &&
      later_.gap().not_before() > as_of) {
    return false;
  }
  Queue* queue = find_queue(id.queue);
  if (queue == nullptr || queue->lanes[id.priority] == nullptr) return true;
  const Gap<Sequence>& gap = queue->lanes[id.priority]->gap();
  return !gap.contains(id.sequence) || gap.not_before() <= as_of;
}

bool JobBook::is_where(const LoadedJob& found) {
  if (ready_in_memory(found.id) != nullptr) return true;
  if (found.place == Place::ready) return may_be_ready_on_disk(found.id);
  const LaterKey key{found.due, found.id};
  return found.place == Place::later && (later_.find(key) != nullptr || later_.gap().shows(key));
}

// ---- dead letters
// --------------------------------------------------------------------------------

void JobBook::redrive(const LoadedJob& letter) {
  Job& job = load(letter);
  HistoryEntry redriven{context_.now.wall, attempt_of(job), "redriven", "", ""};
  job.header.failures = 0;
  job.header.crashes = 0;
  job.header.expires_at = {};  // whoever redrives it wants it done
  job.due = {};
  job.last_record = context_.record(Redrive{job.id, job.header, std::move(redriven)});
  Queue& queue = *find_queue(job.id.queue);
  if (planted(Bug::count_drifts)) {
    move<none, &QueueCounts::ready>(queue, job);
  } else {
    move<&QueueCounts::dead, &QueueCounts::ready>(queue, job);
  }
  enter_ready(queue, job, job.last_record);
}

void JobBook::remove_dead(const LoadedJob& letter) {
  Job& job = load(letter);
  context_.record(RemoveJobs{RemoveJob{job.id, Place::dead, WallTime{}, 0}});
  ++context_.counters.removed;
  move<&QueueCounts::dead, none>(*find_queue(job.id.queue), job);
  job.state = JobState::ready;  // it has none: only to leave the pool's book
  forget(job);
}

// ---- counts
// --------------------------------------------------------------------------------------

namespace {

QueueCounts plus(QueueCounts a, const QueueCounts& b) {
  a.ready += b.ready;
  a.held += b.held;
  a.later += b.later;
  a.dead += b.dead;
  a.bytes += b.bytes;
  return a;
}

QueueCounts minus(QueueCounts a, const QueueCounts& b) {
  a.ready -= b.ready;
  a.held -= b.held;
  a.later -= b.later;
  a.dead -= b.dead;
  a.bytes -= b.bytes;
  return a;
}

}  // namespace

QueueCounts JobBook::totals() const {
  QueueCounts sum;
  for (const auto& [number, queue] : queues_) sum = plus(sum, queue->counts);
  return sum;
}

std::vector<std::pair<QueueNumber, QueueCounts>> JobBook::take_changed() {
  std::vector<std::pair<QueueNumber, QueueCounts>> changed;
  for (Queue* queue : changed_) {
    queue->changed = false;
    changed.emplace_back(queue->number, minus(queue->counts, queue->memory_only));
  }
  changed_.clear();
  std::sort(changed.begin(), changed.end());
  return changed;
}

// A crash forgets the jobs that are in memory only, so no commit may have counted them.
Counters JobBook::durable_counters() const {
  Counters counters = context_.counters;
  counters.accepted -= memory_only_;
  return counters;
}

void JobBook::check_invariants() const {
  std::map<QueueNumber, std::uint64_t> held_by_queue;
  held_.for_each([&](const Job& job) {
    ZCREW_CHECK(job.state == JobState::held && held_.find(job.id) == &job);
    ++held_by_queue[job.id.queue];
  });
  std::size_t bytes = 0;
  std::size_t expiring = 0;
  std::uint64_t live = 0;
  for (const auto& entry : queues_) {
    const Queue* queue = entry.second.get();
    std::uint64_t ready = 0;
    bool any_gap = false;
    for (const auto& lane : queue->lanes) {
      if (lane == nullptr) continue;
      any_gap = any_gap || lane->gap().open();
      lane->for_each([&](const Job& job) {
        ZCREW_CHECK(job.state == JobState::ready && job.id.queue == queue->number);
        ZCREW_CHECK(!lane->gap().shows(job.id.sequence));
        bytes += memory_cost(job);
        expiring += can_expire(job) ? 1 : 0;
        ++ready;
      });
    }
    ZCREW_CHECK(any_gap ? ready <= queue->counts.ready : ready == queue->counts.ready);
    ZCREW_CHECK(held_by_queue[queue->number] == queue->counts.held);
    const QueueCounts& counts = queue->counts;
    live += counts.ready + counts.held + counts.later + counts.dead;
  }
  std::uint64_t later = 0;
  later_.for_each([&](const Job& job) {
    ZCREW_CHECK(job.state == JobState::later);
    bytes += memory_cost(job);
    ++later;
  });
  ZCREW_CHECK(live_ == totals().ready + totals().held);
  ZCREW_CHECK(later_.gap().open() ? later <= totals().later : later == totals().later);
  ZCREW_CHECK(bytes == window_bytes_);
  ZCREW_CHECK(expiring == expiring_.size());
  const Counters& sums = context_.counters;
  ZCREW_CHECK(sums.accepted == live + sums.done + sums.cancelled + sums.expired + sums.removed);
}

}  // namespace zcrew::core
