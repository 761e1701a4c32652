#include "core/job_book.h"

#include <algorithm>

#include "base/check.h"
#include "base/plant.h"
#include "core/retry.h"

namespace zcrew::core {

namespace {

// Jobs a lane may keep in memory whatever the others use, so that no queue starves.
constexpr std::size_t window_jobs_min = 64;

}  // namespace

JobBook::JobBook(Context& context, Sessions& sessions) : context_(context), sessions_(sessions) {}

void JobBook::recover(const Recovered& recovered) {
  first_sequence_ = next_sequence_ = usable_limit_ = asked_limit_ = recovered.sequence_limit;
  bool any_later = false;
  for (const RecoveredQueue& known : recovered.queues) {
    auto queue = std::make_unique<Queue>(known.number, known.settings);
    queue->counts = known.counts;
    queue->counts.ready += std::exchange(queue->counts.held, 0);
    live_ += queue->counts.ready;
    any_later = any_later || known.counts.later > 0;
    if (queue->counts.ready > 0) {
      for (Priority priority = 0; priority < priority_count; ++priority) {
        queue->lane(priority).gap().open_between(0, first_sequence_);
      }
    }
    add_queue(std::move(queue));
  }
  if (any_later) later_.gap().open_behind(LaterKey{}, 0);
}

// ---- queues
// --------------------------------------------------------------------------------------

Queue* JobBook::find_queue(std::string_view name) {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : at->second;
}

Queue* JobBook::find_queue(QueueNumber number) {
  return number < by_number_.size() ? by_number_[number] : nullptr;
}

Queue& JobBook::add_queue(std::unique_ptr<Queue> queue) {
  Queue& added = *queue;
  by_name_[added.settings.name] = &added;
  next_queue_ = std::max(next_queue_, added.number + 1);
  if (by_number_.size() < next_queue_) by_number_.resize(next_queue_);
  by_number_[added.number] = &added;
  queues_[added.number] = std::move(queue);
  return added;
}

Queue* JobBook::open_queue(std::string_view name) {
  if (Queue* queue = find_queue(name)) return queue;
  if (queues_.size() >= limits::queues_max) return nullptr;
  QueueSettings settings;
  settings.name = name;
  Queue& made = add_queue(std::make_unique<Queue>(next_queue_, settings));
  context_.record(PutQueue{made.number, settings});
  context_.note(NoteKind::queue_made, "queue " + settings.name + " is new");
  return &made;
}

void JobBook::change_settings(Queue& queue, const QueueSettings& settings) {
  queue.settings = settings;
  context_.record(PutQueue{queue.number, settings});
  wake(queue);
}

// ---- counts and memory
// ---------------------------------------------------------------------------

bool JobBook::has_room(std::size_t in_window) const {
  return window_bytes_ < context_.config.ready_bytes || in_window < window_jobs_min;
}

void JobBook::forget(Job& job) {
  ZCREW_CHECK(job.state != JobState::free);
  pool_.release(job);
}

// ---- into a window
// -------------------------------------------------------------------------------

void JobBook::enter_ready(Queue& queue, Job& job, JournalSequence number) {
  job.state = JobState::ready;
  job.due = {};
  Lane& lane = queue.lane(job.id.priority);
  const bool room = job.in_memory_only || has_room(lane.in_memory());
  if (!lane.put_back(job, number, room)) {
    const Priority priority = job.id.priority;
    lane.gap().forget_late(context_.durable);
    forget(job);
    feed(queue, priority);
  } else {
    enter_window(job);
    if (!room) shrink(queue, lane);
  }
  wake(queue);
}

void JobBook::enter_window(const Job& job) {
  window_bytes_ += memory_cost(job);
  if (can_expire(job)) expiring_.emplace(job.header.expires_at, job.id);
}

void JobBook::exit_window(const Job& job) {
  window_bytes_ -= memory_cost(job);
  if (can_expire(job)) expiring_.erase({job.header.expires_at, job.id});
}

bool JobBook::can_expire(const Job& job) {
  return job.state == JobState::ready && job.header.expires_at != WallTime{};
}

// The lane gives its newest half to the disk.
void JobBook::shrink(Queue& queue, Lane& lane) {
  const std::size_t keep = std::max(window_jobs_min, lane.in_memory() / 2);
  for (Job* job : lane.shrink(keep, context_.last_record)) {
    exit_window(*job);
    if (job->in_memory_only) {
      enter_ready(queue, *job, 0);
    } else {
      forget(*job);
    }
  }
  lane.gap().forget_late(context_.durable);
}

void JobBook::enter_later(Queue& queue, Job& job, JournalSequence number) {
  static_cast<void>(queue);
  job.state = JobState::later;
  enter_window(job);
  if (Job* leaving = later_.put(job, number, has_room(later_.in_memory()))) {
    exit_window(*leaving);
    later_.gap().forget_late(context_.durable);
    forget(*leaving);
  }
}

Job& JobBook::load(const LoadedJob& loaded) {
  Job& job = pool_.acquire();
  job.id = loaded.id;
  job.header = loaded.header;
  job.payload = loaded.payload;
  job.payload_bytes = loaded.payload_bytes;
  job.payload_here = loaded.payload.size() == loaded.payload_bytes;
  job.due = loaded.due;
  return job;
}

// ---- out to a worker and back
// --------------------------------------------------------------------

void JobBook::leave_window(Queue& queue, Job& job) {
  if (job.state == JobState::later) {
    later_.take(job);
  } else {
    Lane& lane = queue.lane(job.id.priority);
    ZCREW_CHECK(lane.take(job.id.sequence) == &job);
  }
  exit_window(job);
  if (job.state == JobState::ready) feed(queue, job.id.priority);
}

void JobBook::hand_out(Job& job, Worker* worker) {
  ZCREW_CHECK(job.state == JobState::ready);
  Queue& queue = *find_queue(job.id.queue);
  leave_window(queue, job);
  move<&QueueCounts::ready, &QueueCounts::held>(queue, job);
  job.state = JobState::held;
  job.worker = worker;
  job.token = {job.id, job.header.handouts + 1, context_.epoch};
  job.handed_out = context_.attended();
  job.held_since = context_.now.wall;
  held_.insert(job);
}

// To `ready`, where the journal has what is held, but into no lane.
Job& JobBook::take_later(Queue& queue, const LoadedJob& loaded) {
  const LaterKey key{loaded.due, loaded.id};
  Job* job = later_.find(key);
  if (job != nullptr) {
    leave_window(queue, *job);
  } else {
    later_.gap().left(key);
    job = &load(loaded);
  }
  job->last_record = context_.record(MoveToReady{job->id, job->due});
  move<&QueueCounts::later, &QueueCounts::ready>(queue, *job);
  return *job;
}

Job& JobBook::adopt(const LoadedJob& loaded, const Token& token) {
  Job* job = ready_in_memory(loaded.id);
  Queue& queue = *find_queue(loaded.id.queue);
  if (job != nullptr) {
    ZCREW_CHECK(job->state == JobState::ready);
    leave_window(queue, *job);
  } else if (loaded.place == Place::later) {
    job = &take_later(queue, loaded);
  } else {
    job = &load(loaded);
  }
  move<&QueueCounts::ready, &QueueCounts::held>(queue, *job);
  job->state = JobState::held;
  job->token = token;
  job->handed_out = context_.attended();
  job->held_since = context_.now.wall;
  held_.insert(*job);
  return *job;
}

Queue& JobBook::leave_held(Job& job) {
  ZCREW_CHECK(job.state == JobState::held && job.worker == nullptr);
  if (job.held_row) context_.record(RemoveHeld{job.id});
  job.held_row = false;
  job.waits_to_go = job.row_pending = false;
  held_.erase(job);
  Queue& queue = *find_queue(job.id.queue);
  queue.lane(job.id.priority).left(job.id.sequence);
  if (queue.settings.max_held > 0) wake(queue);
  return queue;
}

void JobBook::put_held_row(Job& job, const Uuid& instance, WallTime lease_end) {
  job.held_row = true;
  context_.record(PutHeld{job.token, instance, job.held_since, lease_end, attempt_of(job)});
}

// A large payload is read again if it is needed again, once its record is on disk.
void JobBook::drop_payload(Job& job) {
  const bool on_disk = !job.in_memory_only && job.put <= context_.durable;
  if (!on_disk || job.payload_bytes <= limits::inline_payload_bytes) return;
  let_go_.push_back(std::move(job.payload));
  job.payload = {};
  job.payload_here = false;
}

// The attempt is over: its token and all before it are stale from now on.
void JobBook::close_attempt(Job& job) {
  if (planted(Bug::token_again)) return;
  job.header.handouts = job.token.handout;
  job.header.handout_epoch = job.token.epoch;
}

HistoryEntry JobBook::entry(const Job& job, std::string event, std::string_view worker,
                            std::string_view text) const {
  return {context_.now.wall, attempt_of(job), std::move(event), std::string(worker),
          std::string(text.substr(0, limits::history_text_bytes))};
}

void JobBook::give_back(Job& job, std::uint64_t delay_ms) {
  const bool went_out = !job.waits_to_go;
  Queue& queue = leave_held(job);
  close_attempt(job);
  if (delay_ms != 0) {
    // A Guide client's request is its own to retry.
    if (job.in_memory_only) return cancelled(job);
    return postpone(job, std::min(delay_ms, limits::delay_ms_max), {});
  }
  // The journal learns the hand-out's number, so that no token is ever given twice.
  if (went_out && !job.in_memory_only) {
    job.last_record = context_.record(UpdateJob{job.id, job.header, {}});
  }
  move<&QueueCounts::held, &QueueCounts::ready>(queue, job);
  enter_ready(queue, job, job.last_record);
}

void JobBook::crashed(Job& job, std::string_view worker, std::string_view why) {
  ++context_.counters.crashed;
  HistoryEntry crash = entry(job, "crash", worker, why);
  Queue& queue = leave_held(job);
  close_attempt(job);
  ++job.header.crashes;
  if (job.header.crashes >= queue.settings.crash_limit) {
    return bury(job, "crash", std::move(crash));
  }
  if (!job.in_memory_only) {
    job.last_record = context_.record(UpdateJob{job.id, job.header, std::move(crash)});
  }
  context_.note(NoteKind::job_requeued,
                "job " + to_text(job.id) + " waits again: " + std::string(why));
  move<&QueueCounts::held, &QueueCounts::ready>(queue, job);
  enter_ready(queue, job, job.last_record);
}

void JobBook::failed(Job& job, std::string_view worker, std::string_view text,
                     std::uint64_t delay_ms) {
  ++context_.counters.failed;
  HistoryEntry failure = entry(job, "failed", worker, text);
  Queue& queue = leave_held(job);
  close_attempt(job);
  ++job.header.failures;
  // A Guide client's request is its own to retry.
  if (job.in_memory_only) return cancelled(job);
  const std::uint32_t allowed = job.header.attempts_max + (planted(Bug::one_attempt_more) ? 1 : 0);
  if (job.header.failures >= allowed) {
    return bury(job, "failed", std::move(failure));
  }
  const std::uint64_t wait = delay_ms != 0
                                 ? std::min(delay_ms, limits::delay_ms_max)
                                 : retry_wait_ms(job.header.failures, job.header.backoff_ms,
                                                 queue.settings.backoff_max_ms, context_.prng);
  ++context_.counters.retried;
  context_.note(NoteKind::job_retried, "job " + to_text(job.id) + " failed at " +
                                           std::string(worker) + ": again in " +
                                           to_text(Milliseconds{wait}));
  postpone(job, wait, std::move(failure));
}

// held → later; `entry` joins the history if it has an event.
void JobBook::postpone(Job& job, std::uint64_t wait_ms, HistoryEntry entry) {
  Queue& queue = *find_queue(job.id.queue);
  job.due = context_.now.wall + Milliseconds{wait_ms};
  job.last_record = context_.record(MoveToLater{job.id, job.due, job.header, std::move(entry)});
  move<&QueueCounts::held, &QueueCounts::later>(queue, job);
  enter_later(queue, job, job.last_record);
}

void JobBook::rejected(Job& job, std::string_view worker, std::string_view text) {
  ++context_.counters.rejected;
  HistoryEntry rejection = entry(job, "rejected", worker, text);
  leave_held(job);
  close_attempt(job);
  if (job.in_memory_only) return cancelled(job);
  bury(job, "rejected", std::move(rejection));
}

// ---- ends
// ----------------------------------------------------------------------------------------

JournalSequence JobBook::cancels(const Job& job) const {
  return job.put == job.last_record && job.put > context_.durable ? job.put : 0;
}

bool JobBook::leaves_no_trace(const Job& job) const {
  return cancels(job) > context_.taken && job.header.result == wire::ResultMode::none;
}

void JobBook::bury(Job& job, std::string_view reason, HistoryEntry entry_of_death) {
  if (job.in_memory_only) return cancelled(job);
  Queue& queue = *find_queue(job.id.queue);
  graveyard_.push_back(std::move(entry_of_death));
  const HistoryEntry& last = graveyard_.back();
  const std::uint32_t attempts =
      job.header.failures + job.header.crashes + (reason == "rejected" ? 1U : 0U);
  sessions_.tell_when_durable(job, {wire::End::dead, attempts, last.worker, reason, last.text});
  context_.note(NoteKind::job_dead, "job " + to_text(job.id) + " is a dead letter (" +
                                        std::string(reason) + "): " + last.text);
  move<&QueueCounts::held, &QueueCounts::dead>(queue, job);
  if (!planted(Bug::forgotten_dead_letter)) {
    context_.record(MoveToDead{job.id, Place::ready, WallTime{}, job.header, std::string(reason),
                               context_.now.wall, last});
  }
  forget(job);
}

// Jobs that follow each other end one behind the other, mostly, and are one record.
void JobBook::record_end(const Job& job) {
  const JournalSequence put = cancels(job);
  if (auto* run = context_.latest_record<RemoveJobs>()) {
    const RemoveJob next = run->job(run->count);
    if (next.id == job.id && next.cancels == put && next.place == Place::ready) {
      ++run->count;
      ++context_.last_record;
      return;
    }
  }
  context_.record(RemoveJobs{RemoveJob{job.id, Place::ready, WallTime{}, put}});
}

void JobBook::end(Queue& queue, Job& job, std::uint64_t Counters::*counter, const Ending& ending) {
  const bool was_held = job.state == JobState::held;
  ++(context_.counters.*counter);
  if (was_held) {
    move<&QueueCounts::held, none>(queue, job);
  } else {
    move<&QueueCounts::ready, none>(queue, job);
  }
  if (!job.in_memory_only) {
    sessions_.tell_end(job, ending);
    record_end(job);
  }
  forget(job);
}

void JobBook::done(Job& job, std::string_view worker, std::string_view result) {
  Queue& queue = leave_held(job);
  if (job.in_memory_only) {
    context_.send(job.guide_client, Side::frontend, ToGuideClient{result});
  }
  end(queue, job, &Counters::done, {wire::End::done, attempt_of(job), worker, "", result});
}

void JobBook::expired(Job& job) {
  Queue& queue = *find_queue(job.id.queue);
  leave_window(queue, job);
  end(queue, job, &Counters::expired,
      {wire::End::expired, attempt_of(job) - 1, "", "expired", "not started in time"});
}

void JobBook::cancelled(Job& job) {
  Queue& queue = *find_queue(job.id.queue);
  if (job.state == JobState::ready) leave_window(queue, job);
  end(queue, job, &Counters::cancelled,
      {wire::End::cancelled, attempt_of(job) - 1, "", "cancelled", ""});
}

}  // namespace zcrew::core
