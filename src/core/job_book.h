// Where every job is, and how it goes from place to place. The only writer of a job's state, of the
// queues' counts and of the jobs' records. Pure.
//
//   accept ─► ready ─► held ─► gone (done, dead, cancelled, expired)
//               ▲ ▲      │
//               │ └──────┤ given back, crashed
//             later ◄────┘ failed
//
// Windows (lanes and the delayed jobs) share Config::ready_bytes; what does not fit waits on disk
// and is paged in ahead of need (design D4).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/pointer_table.h"
#include "base/pool.h"
#include "core/context.h"
#include "core/job.h"
#include "core/later_window.h"
#include "core/queue.h"
#include "core/sessions.h"

namespace zcrew::core {

struct NewJob {
  JobHeader header;
  Payload payload;
  WallTime due{};  // zero = ready now
  Priority priority = 0;
  SessionRef session;
  std::uint64_t batch = 0;
  std::uint32_t index = 0;
  // As the one accepted before it, but for its payload and the next index.
  bool follows = false;
};

class JobBook {
 public:
  JobBook(Context& context, Sessions& sessions);

  void recover(const Recovered& recovered);

  // ---- queues ----
  [[nodiscard]] Queue* find_queue(std::string_view name);
  [[nodiscard]] Queue* find_queue(QueueNumber number);
  // Made if it does not exist; null if there are too many.
  [[nodiscard]] Queue* open_queue(std::string_view name);
  void change_settings(Queue& queue, const QueueSettings& settings);
  [[nodiscard]] const std::map<QueueNumber, std::unique_ptr<Queue>>& queues() const {
    return queues_;
  }

  // ---- a job's life
  // Returns the id's last part, and the number of the job's record.
  struct Accepted {
    Sequence sequence = 0;
    JournalSequence number = 0;
  };
  Accepted accept(Queue& queue, NewJob& fresh);
  // A Guide client's job.
  JobId accept_in_memory(Queue& queue, NewJob& fresh, Peer client);

  // ready → held, under a new token. The job leaves its lane.
  void hand_out(Job& job, Worker* worker);
  // A job whose worker reported it after a restart: disk → held, under the token it has. One that
  // was due and went out just before a crash may still be in `later`.
  Job& adopt(const LoadedJob& loaded, const Token& token);

  // held → ready, or later if it is to wait; not counted.
  void give_back(Job& job, std::uint64_t delay_ms = 0);
  // held → ready or dead: its worker died with it.
  void crashed(Job& job, std::string_view worker, std::string_view why);
  // held → later or dead.
  void failed(Job& job, std::string_view worker, std::string_view text, std::uint64_t delay_ms);
  void rejected(Job& job, std::string_view worker, std::string_view text);
  void done(Job& job, std::string_view worker, std::string_view result);
  // ready or held → gone.
  void expired(Job& job);
  void cancelled(Job& job);

  // Whether the journal will never have heard of the job if it ends now.
  [[nodiscard]] bool leaves_no_trace(const Job& job) const;

  void put_held_row(Job& job, const Uuid& instance, WallTime lease_end);
  void drop_payload(Job& job);

  // Of the jobs that were accepted since the start.
  [[nodiscard]] Sequence first_sequence() const { return first_sequence_; }
  [[nodiscard]] Job* held(const JobId& id) const;
  [[nodiscard]] Job* ready_in_memory(const JobId& id);
  // Whether a record in `ready` would be the truth about this job, which is not in memory.
  [[nodiscard]] bool may_be_ready_on_disk(const JobId& id);
  // Whether a snapshot with the records up to `as_of` is new enough to say so.
  [[nodiscard]] bool disk_is_seen(const LoadedJob& found, JournalSequence as_of);
  // Whether the job, as it was read, still waits there, or in memory to be handed out.
  [[nodiscard]] bool is_where(const LoadedJob& found);
  [[nodiscard]] std::uint32_t attempt_of(const Job& job) const {
    return job.header.failures + job.header.crashes + 1;
  }

  // dead → ready / gone; the letters were loaded and are in `dead`.
  void redrive(const LoadedJob& letter);
  void remove_dead(const LoadedJob& letter);

  // ---- time and disk ----
  void release_due();     // later → ready for all that are due
  void expire_overdue();  // ready → gone for those that were not started in time
  // When one of the two has something to do.
  [[nodiscard]] std::optional<WallTime> next_due() const;
  void page_in();  // asks for what will be needed
  void on_page(const ReadyPage& page);
  void on_page(const LaterPage& page);
  void feed_all(Queue& queue);  // its lanes may be paged in from now on

  // At the beginning of each step: views into what died in the last one end here.
  void bury_the_dead() {
    graveyard_.clear();
    let_go_.clear();
  }

  // Queues that got something to hand out since the last call.
  [[nodiscard]] std::vector<Queue*>& woken() { return woken_; }
  void wake(Queue& queue) {
    if (!std::exchange(queue.woken, true)) woken_.push_back(&queue);
  }

  [[nodiscard]] QueueCounts totals() const;
  [[nodiscard]] std::uint64_t live() const { return live_; }  // ready or held
  [[nodiscard]] std::vector<std::pair<QueueNumber, QueueCounts>> take_changed();
  [[nodiscard]] Counters durable_counters() const;
  [[nodiscard]] std::size_t held_count() const { return held_.size(); }
  template <typename Visit>
  void for_each_held(Visit visit) const {  // in no order that means anything
    held_.for_each(visit);
  }
  void check_invariants() const;

  // Reserves a block of sequences when few are left. An id that was told to anyone must never name
  // another job, so a block is used only once its reservation is durable.
  void reserve_sequences();
  [[nodiscard]] std::uint64_t sequences_left() const { return usable_limit_ - next_sequence_; }
  // Not in the first moments of a router, until the first block is reserved.
  [[nodiscard]] bool has_had_sequences() const { return usable_limit_ > first_sequence_; }

 private:
  Queue& add_queue(std::unique_ptr<Queue> queue);
  Accepted accept_in_window(Queue& queue, NewJob& fresh);
  Accepted accept_on_disk(Queue& queue, NewJob& fresh);
  [[nodiscard]] Sequence next_sequence();
  JournalSequence record_put(const Queue& queue, Sequence sequence, const NewJob& fresh);
  void record_end(const Job& job);
  Job& new_job(const Queue& queue, Sequence sequence, NewJob& fresh);
  void set_changed(Queue& queue) {
    if (!std::exchange(queue.changed, true)) changed_.push_back(&queue);
  }
  // A job goes from one of its queue's counts to another; none: it is new, or gone. From where to
  // where is known when compiled, as three moves a job are.
  using Count = std::uint64_t QueueCounts::*;
  static constexpr Count none = nullptr;
  template <Count from, Count to>
  static void shift(QueueCounts& counts, std::uint64_t payload_bytes);
  template <Count from, Count to>
  void count(Queue& queue, std::uint64_t payload_bytes);
  template <Count from, Count to>
  void move(Queue& queue, const Job& job);
  void enter_ready(Queue& queue, Job& job, JournalSequence number);
  void enter_later(Queue& queue, Job& job, JournalSequence number);
  Queue& leave_held(Job& job);  // its own
  void leave_window(Queue& queue, Job& job);
  void enter_window(const Job& job);
  void exit_window(const Job& job);
  [[nodiscard]] static bool can_expire(const Job& job);
  void end(Queue& queue, Job& job, std::uint64_t Counters::*counter, const Ending& ending);
  void postpone(Job& job, std::uint64_t wait_ms, HistoryEntry entry);
  void bury(Job& job, std::string_view reason, HistoryEntry entry);
  void forget(Job& job);
  [[nodiscard]] bool has_room(std::size_t in_window) const;
  [[nodiscard]] HistoryEntry entry(const Job& job, std::string event, std::string_view worker,
                                   std::string_view text) const;
  void close_attempt(Job& job);
  [[nodiscard]] JournalSequence cancels(const Job& job) const;
  void shrink(Queue& queue, Lane& lane);
  void feed(Queue& queue, Priority priority);
  void page_lane(Queue& queue, Priority priority);
  [[nodiscard]] std::uint32_t page_size() const;
  Job& load(const LoadedJob& loaded);
  Job& take_later(Queue& queue, const LoadedJob& loaded);

  Context& context_;
  Sessions& sessions_;
  Pool<Job> pool_;
  std::map<QueueNumber, std::unique_ptr<Queue>> queues_;
  std::vector<Queue*> by_number_;  // the same, null where there is none
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  std::unordered_map<std::string, Queue*, NameHash, std::equal_to<>> by_name_;  // only looked up
  QueueNumber next_queue_ = 1;
  PointerTable<Job, &Job::id> held_;
  LaterWindow later_;
  std::size_t window_bytes_ = 0;
  std::set<std::pair<WallTime, JobId>> expiring_;  // of the jobs ready in memory, by when
  Sequence first_sequence_ = 1;  // of this start: what is below may still be at its worker
  Sequence next_sequence_ = 1;
  Sequence usable_limit_ = 1;         // durably reserved below this
  Sequence asked_limit_ = 1;          // reserved by a record on its way …
  JournalSequence asked_number_ = 0;  // … with this number
  std::vector<Queue*> changed_;
  std::vector<Queue*> woken_;
  std::vector<std::pair<Queue*, Priority>> hungry_;  // lanes that want a page
  std::deque<HistoryEntry> graveyard_;  // what RESULT entries of this step point into, …
  std::vector<Payload> let_go_;         // … and RUN entries
  std::uint64_t live_ = 0;
  std::uint64_t memory_only_ = 0;  // live jobs of Guide clients
};

template <JobBook::Count from, JobBook::Count to>
void JobBook::shift(QueueCounts& counts, std::uint64_t payload_bytes) {
  if constexpr (from == nullptr) {
    counts.bytes += payload_bytes;
  } else {
    --(counts.*from);
  }
  if constexpr (to == nullptr) {
    counts.bytes -= payload_bytes;
  } else {
    ++(counts.*to);
  }
}

template <JobBook::Count from, JobBook::Count to>
void JobBook::count(Queue& queue, std::uint64_t payload_bytes) {
  constexpr auto is_live = [](Count place) {
    return place == &QueueCounts::ready || place == &QueueCounts::held;
  };
  set_changed(queue);
  if constexpr (is_live(from) && !is_live(to)) --live_;
  if constexpr (is_live(to) && !is_live(from)) ++live_;
  if constexpr (from != nullptr) ZCREW_CHECK(queue.counts.*from > 0);
  shift<from, to>(queue.counts, payload_bytes);
}

template <JobBook::Count from, JobBook::Count to>
void JobBook::move(Queue& queue, const Job& job) {
  count<from, to>(queue, job.payload_bytes);
  if (!job.in_memory_only) return;
  if constexpr (from == nullptr) ++memory_only_;
  if constexpr (to == nullptr) --memory_only_;
  shift<from, to>(queue.memory_only, job.payload_bytes);
}

}  // namespace zcrew::core
