#include "worker/executor.h"

#include <algorithm>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "net/clock.h"

namespace zcrew::worker {
namespace {

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

// To look tokens up in.
class Tokens {
 public:
  explicit Tokens(std::span<const Token> tokens) : sorted_(tokens.begin(), tokens.end()) {
    std::sort(sorted_.begin(), sorted_.end());
  }
  [[nodiscard]] bool has(const Token& token) const {
    return std::binary_search(sorted_.begin(), sorted_.end(), token);
  }

 private:
  std::vector<Token> sorted_;
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

Executor::Executor(Handler handler, net::Wakeup& progress, net::Watch& lookout,
                   std::function<bool()> look)
    : handler_(std::move(handler)), progress_(progress), lookout_(lookout), look_(std::move(look)) {
  lookout_.add(call_.fd());
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

void Executor::start(std::vector<StartJob>& jobs) {
  std::size_t wake = 0;
  bool call = false;
  {
    const std::lock_guard guard(lock_);
    for (StartJob& job : jobs) waiting_.push_back(std::move(job));
    add_places();
    // Of all that wait: who was woken for an earlier one may be on the way still.
    const std::size_t can_begin =
        std::min<std::size_t>(waiting_.size(), concurrency_ - std::min(concurrency_, running_));
    const std::size_t wanted = can_begin - std::min(can_begin, looking_);
    wake = std::min(wanted, idle_);
    call = on_lookout_ && wanted > wake;
  }
  jobs.clear();
  for (; wake > 0; --wake) work_.notify_one();
  if (call) call_.signal();
}

void Executor::take_finished(std::vector<FinishedJob>& jobs) {
  const std::lock_guard guard(lock_);
  jobs.swap(finished_);
}

void Executor::abandon(std::span<const Token> tokens) {
  const Tokens abandoned(tokens);
  const std::lock_guard guard(lock_);
  std::erase_if(waiting_, [&](const StartJob& job) { return abandoned.has(job.token); });
  for (const auto& place : places_) {
    if (place->busy && abandoned.has(place->token)) place->abandoned = true;
  }
}

std::vector<Token> Executor::take_unstarted(std::span<const Token> tokens) {
  const Tokens wanted(tokens);
  std::vector<Token> taken;
  const std::lock_guard guard(lock_);
  std::erase_if(waiting_, [&](const StartJob& job) {
    if (!wanted.has(job.token)) return false;
    taken.push_back(job.token);
    return true;
  });
  return taken;
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
    while (may_begin()) run_first(place, told, guard);
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
  call_.drain();
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

void Executor::run_first(Place& place, Attempt& told, Guard& guard) {
  const StartJob job = std::move(waiting_.front());
  waiting_.pop_front();
  ++running_;
  place.busy = true;
  place.token = job.token;
  place.abandoned = hurried_;
  guard.unlock();
  FinishedJob done = attempt(place, job, told);
  guard.lock();
  place.busy = false;
  --running_;
  const bool given_up = hurried_ && done.outcome == wire::Outcome::failed;
  if (given_up) done.outcome = wire::Outcome::released;
  finished_.push_back(std::move(done));
  // Without a next job this thread takes care of it.
  if (finished_.size() == 1 && may_begin()) progress_.signal();
}

// Jobs follow each other at once, so one begins when the one before it ends: one look at the clock,
// which a short job would feel.
FinishedJob Executor::attempt(Place& place, const StartJob& job, Attempt& told) {
  told.id = to_text(job.token.job);
  told.queue = job.queue ? *job.queue : std::string();
  told.attempt = job.attempt;
  told.payload = job.payload.view();
  told.time_limit = Milliseconds{static_cast<Milliseconds::rep>(job.time_limit_ms)};
  const Instant start = place.free_at;
  Answer answer = call(handler_, told);
  place.free_at = net::read_monotonic();
  const auto run = place.free_at - start;
  return {job.token, to_wire(answer.outcome),
          static_cast<std::uint64_t>(std::max<Duration::rep>(run.count(), 0)),
          static_cast<std::uint64_t>(std::max<Milliseconds::rep>(answer.delay.count(), 0)),
          std::move(answer.bytes)};
}

}  // namespace zcrew::worker
