#include "worker/executor.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <system_error>
#include <utility>

#include "net/clock.h"

namespace zcrew::worker {
namespace {

// Jobs that take less follow each other for so long before what became of them is taken: a message
// of hundreds costs router and worker much less than one of each (a fifth of all processors' time
// with 16 workers), and who waits for one of them has waited for longer in the row.
constexpr Duration glance_interval = Microseconds{500};
// How long what has finished may wait where quick jobs are followed by one that is not.
constexpr Duration glance_patience = Milliseconds{1};
constexpr Duration at_once = Microseconds{1};

wire::Outcome to_wire(JobOutcome outcome) {
  switch (outcome) {
    case JobOutcome::done:
      return wire::Outcome::done;
    case JobOutcome::failed:
      return wire::Outcome::failed;
    case JobOutcome::rejected:
      return wire::Outcome::rejected;
    case JobOutcome::released:
      break;
  }
  return wire::Outcome::released;
}

// To look jobs up in.
class Jobs {
 public:
  explicit Jobs(std::span<HeldJob* const> jobs) : sorted_(jobs.begin(), jobs.end()) {
    std::sort(sorted_.begin(), sorted_.end(), std::less<>{});
  }
  [[nodiscard]] bool has(const HeldJob* job) const {
    return std::binary_search(sorted_.begin(), sorted_.end(), job, std::less<>{});
  }

 private:
  std::vector<const HeldJob*> sorted_;
};

Answer call(const Handler& handler, const Attempt& attempt) {
  try {
    return handler(attempt);
  } catch (const std::exception& error) {
    return {JobOutcome::failed, error.what(), {}};
  } catch (...) {
    return {JobOutcome::failed, "the handler threw something that is no std::exception", {}};
  }
}

}  // namespace

Executor::Executor(Handler handler, net::Alarm& alarm, net::Watch& lookout,
                   std::function<bool()> look, std::function<void()> glance)
    : handler_(std::move(handler)),
      alarm_(alarm),
      lookout_(lookout),
      look_(std::move(look)),
      glance_(std::move(glance)) {
  called_ = lookout_.add(call_.fd());
}

Executor::~Executor() {
  {
    const std::lock_guard guard(lock_);
    ending_ = true;
    waiting_.clear();
  }
  work_.notify_all();
  call_.signal();
  for (const auto& place : places_) place->thread.join();
}

void Executor::set_concurrency(std::uint32_t concurrency) {
  bool call = false;
  {
    const std::lock_guard guard(lock_);
    if (concurrency == concurrency_) return;
    concurrency_ = concurrency;
    add_places();
    call = on_lookout_ && may_begin();
  }
  work_.notify_all();
  if (call) call_.signal();
}

void Executor::start(std::span<HeldJob* const> jobs) {
  std::size_t wake = 0;
  bool call = false;
  {
    const std::lock_guard guard(lock_);
    waiting_.insert(waiting_.end(), jobs.begin(), jobs.end());
    add_places();
    // Of all that wait: who was woken for an earlier one may be on the way still.
    const std::size_t can_begin =
        std::min<std::size_t>(waiting_.size(), concurrency_ - std::min(concurrency_, running_));
    const std::size_t wanted = can_begin - std::min(can_begin, looking_);
    wake = std::min(wanted, idle_);
    call = on_lookout_ && wanted > wake;
  }
  for (; wake > 0; --wake) work_.notify_one();
  if (call) call_.signal();
}

void Executor::take_finished(std::vector<HeldJob*>& jobs) {
  const std::lock_guard guard(lock_);
  jobs.swap(finished_);
}

std::vector<HeldJob*> Executor::take_unstarted(std::span<HeldJob* const> jobs) {
  const Jobs wanted(jobs);
  std::vector<HeldJob*> taken;
  const std::lock_guard guard(lock_);
  std::erase_if(waiting_, [&](HeldJob* job) {
    if (!wanted.has(job)) return false;
    taken.push_back(job);
    return true;
  });
  return taken;
}

void Executor::abandon(std::span<HeldJob* const> jobs) {
  const Jobs abandoned(jobs);
  const std::lock_guard guard(lock_);
  for (const auto& place : places_) {
    if (place->job != nullptr && abandoned.has(place->job)) place->abandoned = true;
  }
}

void Executor::hurry() {
  const std::lock_guard guard(lock_);
  hurried_ = true;
  for (const auto& place : places_) place->abandoned = true;
}

void Executor::add_places() {
  if (ending_) return;  // the destructor goes through them
  const std::size_t wanted = std::min<std::size_t>(concurrency_, running_ + waiting_.size());
  while (places_.size() < wanted) {
    auto place = std::make_unique<Place>();
    try {
      place->thread = std::thread([this, &here = *place] { serve(here); });
    } catch (const std::system_error& error) {
      // Fewer than asked for do the work as well, only later; none would never.
      if (!places_.empty()) return;
      throw Error(std::string("cannot start a thread (") + error.what() +
                      "): raise the limit of processes (ulimit -u) or lower --concurrency",
                  exit_code::io_error);
    }
    places_.push_back(std::move(place));
  }
}

void Executor::serve(Place& place) {
  Attempt told;
  told.abandoned = [&place] { return place.abandoned.load(std::memory_order_relaxed); };
  Guard guard(lock_);
  while (true) {
    wait_for_work(guard);
    if (ending_) return;
    place.free_at = net::read_monotonic();
    next_glance_ = place.free_at + glance_interval;
    while (may_begin()) {
      const Instant began = place.free_at;
      run_first(place, told, guard);
      if (may_begin()) go_on(place, place.free_at - began, guard);
    }
    look(guard);
  }
}

void Executor::wait_for_work(Guard& guard) {
  while (!ending_ && !may_begin()) {
    // Whoever is at what arrived starts what it finds.
    const bool elsewhere = on_lookout_ || (look_out(guard) && !look(guard));
    if (!elsewhere || ending_ || may_begin()) continue;
    ++idle_;
    work_.wait(guard);
    --idle_;
  }
}

// True if something may have arrived, which nobody else takes then.
bool Executor::look_out(Guard& guard) {
  on_lookout_ = true;
  guard.unlock();
  const bool woken = lookout_.wait(std::chrono::hours{1});
  if (lookout_.take(called_)) call_.drain();
  guard.lock();
  on_lookout_ = false;
  return woken;
}

bool Executor::look(Guard& guard) {
  if (ending_) return true;
  ++looking_;
  guard.unlock();
  const bool looked = look_();
  guard.lock();
  --looking_;
  return looked;
}

// Between a job, which took so long, and the next. After quick jobs this thread soon comes here
// again; one that may be away for long leaves what has finished to another. The alarm is for what
// has finished first: that which finishes later is taken with it, and then the alarm is set anew.
void Executor::go_on(Place& place, Duration took, Guard& guard) {
  const bool quick = took < glance_interval;
  if (finished_.size() == 1) alarm_.set(quick ? glance_patience : at_once);
  if (!quick || place.free_at < next_glance_) return;
  ++looking_;
  guard.unlock();
  glance_();
  guard.lock();
  --looking_;
  place.free_at = net::read_monotonic();  // the next job's time begins here
  next_glance_ = place.free_at + glance_interval;
}

void Executor::run_first(Place& place, Attempt& told, Guard& guard) {
  HeldJob& job = *waiting_.front();
  waiting_.pop_front();
  ++running_;
  place.job = &job;
  place.abandoned.store(hurried_, std::memory_order_relaxed);  // all who write it have the lock
  guard.unlock();
  attempt(place, job, told);
  guard.lock();
  place.job = nullptr;
  --running_;
  const bool given_up = hurried_ && job.outcome == wire::Outcome::failed;
  if (given_up) job.outcome = wire::Outcome::released;
  finished_.push_back(&job);
}

// Where nothing is done between two jobs, one begins when the one before it ends: one look at the
// clock, which a short job would feel.
void Executor::attempt(Place& place, HeldJob& job, Attempt& told) {
  told.id = to_text(job.token.job);
  told.queue = job.queue != nullptr ? *job.queue : std::string();
  told.attempt = job.attempt;
  told.payload = job.payload.view();
  told.time_limit = Milliseconds{static_cast<Milliseconds::rep>(job.time_limit_ms)};
  const Instant start = place.free_at;
  Answer answer = call(handler_, told);
  place.free_at = net::read_monotonic();
  const auto run = place.free_at - start;
  job.outcome = to_wire(answer.outcome);
  job.run_us = static_cast<std::uint64_t>(std::max<Duration::rep>(run.count(), 0));
  job.delay_ms = static_cast<std::uint64_t>(std::max<Milliseconds::rep>(answer.delay.count(), 0));
  job.bytes = std::move(answer.bytes);
}

}  // namespace zcrew::worker
