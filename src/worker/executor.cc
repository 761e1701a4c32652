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
// While a thread whose jobs were quick waits at the socket, nobody needs the alarm, but who waits
// for it leaves the socket alone until it goes off. Where the next quick jobs come sooner it never
// does: with 16 workers each was woken twice a message in vain, a quarter of all changes of
// threads.
constexpr Duration lookout_patience = Milliseconds{100};
constexpr Duration at_once = Microseconds{1};
// Jobs that take no longer are claimed some at a time: to take the lock and look at the clock for
// each costs a tenth of this.
constexpr Duration quick_job = Microseconds{2};

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
    unclaim_all();
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
    unclaim_all();
    add_places();
    call = on_lookout_ && may_begin();
  }
  work_.notify_all();
  if (call) call_.signal();
}

void Executor::start(std::span<HeldJob* const> jobs) {
  Wanted wanted;
  {
    const std::lock_guard guard(lock_);
    waiting_.insert(waiting_.end(), jobs.begin(), jobs.end());
    add_places();
    wanted = who_is_wanted();
  }
  wake(wanted);
}

Executor::Wanted Executor::who_is_wanted() const {
  const std::size_t can_begin =
      std::min<std::size_t>(waiting_.size(), concurrency_ - std::min(concurrency_, running_));
  const std::size_t wanted = can_begin - std::min(can_begin, looking_);
  const std::size_t idle = std::min(wanted, idle_);
  return {idle, on_lookout_ && wanted > idle};
}

void Executor::wake(const Wanted& wanted) {
  for (std::size_t i = 0; i < wanted.idle; ++i) work_.notify_one();
  if (wanted.lookout) call_.signal();
}

void Executor::take_finished(std::vector<HeldJob*>& jobs) {
  Wanted wanted;
  {
    const std::lock_guard guard(lock_);
    // Its owner is about to collect what it ran alone, and knows the time. Of what it claimed one
    // may take long, so it begins no more before it has looked here again.
    for (const auto& place : places_) {
      if (place->job_time > quick_job) continue;
      collect(*place, place->job_time);
      place->claim.give_back(waiting_);
    }
    wanted = who_is_wanted();
    jobs.swap(finished_);
    alarmed_ = false;
  }
  wake(wanted);
}

std::vector<HeldJob*> Executor::take_unstarted(std::span<HeldJob* const> jobs) {
  const Jobs asked(jobs);
  std::vector<HeldJob*> taken;
  Wanted wanted;
  {
    const std::lock_guard guard(lock_);
    unclaim_all();
    std::erase_if(waiting_, [&](HeldJob* job) {
      if (!asked.has(job)) return false;
      taken.push_back(job);
      return true;
    });
    wanted = who_is_wanted();
  }
  wake(wanted);
  return taken;
}

void Executor::abandon(std::span<HeldJob* const> jobs) {
  const Jobs abandoned(jobs);
  const std::lock_guard guard(lock_);
  for (const auto& place : places_) {
    const HeldJob* const current = place->claim.current();
    if (current == nullptr || !abandoned.has(current)) continue;
    place->abandoned.store(current, std::memory_order_relaxed);
  }
}

void Executor::hurry() { hurried_.store(true, std::memory_order_relaxed); }

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
  told.abandoned = [this, &place] {
    return hurried_.load(std::memory_order_relaxed) ||
           place.abandoned.load(std::memory_order_relaxed) == place.job;
  };
  Guard guard(lock_);
  while (true) {
    wait_for_work(guard);
    if (ending_) return;
    place.free_at = net::read_monotonic();
    next_glance_ = place.free_at + glance_interval;
    while (may_begin()) {
      const Instant began = place.free_at;
      run_some(place, told, guard);
      if (may_begin()) go_on(place, place.free_at - began, guard);
    }
    look(guard);
  }
}

void Executor::wait_for_work(Guard& guard) {
  while (!ending_ && !may_begin()) {
    if (running_ > 0 && running_ < concurrency_) unclaim_all();
    if (may_begin()) return;
    // Whoever is at what arrived starts what it finds.
    const bool elsewhere = on_lookout_ || (look_out(guard) && !look(guard));
    if (!elsewhere || ending_ || may_begin()) continue;
    // Nobody is at the socket now: who waits for the alarm has to be.
    if (!on_lookout_ && std::exchange(alarm_is_far_, false)) alarm_.set(at_once);
    ++idle_;
    work_.wait(guard);
    --idle_;
  }
}

// True if something may have arrived, which nobody else takes then.
bool Executor::look_out(Guard& guard) {
  on_lookout_ = true;
  if (std::exchange(was_quick_, false) && running_ == 0 && finished_.empty() && alarm_.is_set()) {
    alarm_.set(lookout_patience);
    alarm_is_far_ = true;
  }
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

// Between jobs, which took so long, and the next. After quick jobs this thread soon comes here
// again; one that may be away for long leaves what has finished to another. The alarm is for what
// has finished first: that which finishes later is taken with it, and then the alarm is set anew.
void Executor::go_on(Place& place, Duration took, Guard& guard) {
  const bool quick = took < glance_interval;
  if (!std::exchange(alarmed_, true)) alarm_.set(quick ? glance_patience : at_once);
  if (!quick || place.free_at < next_glance_) return;
  ++looking_;
  guard.unlock();
  glance_();
  guard.lock();
  --looking_;
  place.free_at = net::read_monotonic();  // the next job's time begins here
  next_glance_ = place.free_at + glance_interval;
}

// Each place leaves the others their share.
std::uint32_t Executor::claim_size(const Place& place) const {
  if (place.job_time > quick_job) return 1;
  const std::size_t share = std::max<std::size_t>(waiting_.size() / concurrency_, 1);
  return static_cast<std::uint32_t>(std::min<std::size_t>(share, Claim::most));
}

// Where nothing is done between jobs, one begins when the one before it ends: one look at the
// clock, which short jobs would feel.
void Executor::run_some(Place& place, Attempt& told, Guard& guard) {
  const std::uint32_t count = claim_size(place);
  place.abandoned.store(nullptr, std::memory_order_relaxed);
  place.claim.fill(waiting_, count);
  ++running_;
  was_quick_ = count > 1;
  // One of them may take long, behind some that have finished; or the only one, while there are
  // places for what comes.
  const bool is_far = std::exchange(alarm_is_far_, false) && alarm_.is_set();
  const bool has_more_places = is_far && count == 1 && concurrency_ > 1;
  if ((count > 1 && !std::exchange(alarmed_, true)) || is_far) {
    alarm_.set(has_more_places ? at_once : glance_patience);
  }
  guard.unlock();
  while (HeldJob* const job = place.claim.begin()) {
    attempt(place, *job, told);
    place.claim.end();
  }
  const Instant start = std::exchange(place.free_at, net::read_monotonic());
  guard.lock();
  --running_;
  finish_claim(place, place.free_at - start);
}

// Those that another thread has collected meanwhile took as long as quick jobs do.
void Executor::finish_claim(Place& place, Duration took) {
  const std::uint32_t left = place.claim.uncollected();
  if (left > 0) collect(place, std::max(took, Duration::zero()) / left);
}

void Executor::collect(Place& place, Duration job_time) {
  while (place.claim.uncollected() > 0) {
    HeldJob& job = place.claim.collect();
    job.run_us = static_cast<std::uint64_t>(job_time.count());
    const bool given_up = hurried_ && job.outcome == wire::Outcome::failed;
    if (given_up) job.outcome = wire::Outcome::released;
    finished_.push_back(&job);
  }
  place.job_time = job_time;
}

// So that those who have nothing to do find what has not begun elsewhere.
void Executor::unclaim_all() {
  for (const auto& place : places_) place->claim.give_back(waiting_);
}

void Executor::attempt(Place& place, HeldJob& job, Attempt& told) {
  place.job = &job;
  respell(told.id, place.spelled, job.token.job);
  place.spelled = job.token.job;
  told.queue = job.queue != nullptr ? *job.queue : std::string();
  told.attempt = job.attempt;
  told.payload = job.payload.view();
  told.time_limit = Milliseconds{static_cast<Milliseconds::rep>(job.time_limit_ms)};
  Answer answer = call(handler_, told);
  job.outcome = to_wire(answer.outcome);
  job.delay_ms = static_cast<std::uint64_t>(std::max<Milliseconds::rep>(answer.delay.count(), 0));
  job.bytes = std::move(answer.bytes);
}

}  // namespace zcrew::worker
