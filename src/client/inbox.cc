#include "client/inbox.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "client/patience.h"

namespace zcrew::client {

bool Inbox::has_room(const Job& job) const {
  if (unconfirmed_.jobs == 0) return true;
  return unconfirmed_.jobs < window_.jobs &&
         unconfirmed_.bytes + job.payload.size() <= window_.bytes;
}

const JobOptions* Inbox::last_options() const {
  if (!waiting_.runs.empty()) return &waiting_.runs.back().options;
  return taken_options_ ? &*taken_options_ : nullptr;
}

Inbox::Put Inbox::put(std::span<Job> jobs, std::chrono::milliseconds patience) {
  if (jobs.empty()) return {};
  std::unique_lock lock(mutex_);
  if (!has_room(jobs.front())) {
    ++blocked_;
    room_.wait_for(lock, bounded(patience), [&] { return has_room(jobs.front()); });
    --blocked_;
  }
  Client::Tickets tickets{next_ticket_, 0};
  const JobOptions* options = last_options();
  while (tickets.count < jobs.size() && has_room(jobs[tickets.count])) {
    Job& job = jobs[tickets.count];
    if (options == nullptr || !options->fits(job)) {
      waiting_.runs.push_back({tickets.first + tickets.count, JobOptions(job)});
      options = &waiting_.runs.back().options;
    }
    ++tickets.count;
    ++unconfirmed_.jobs;
    unconfirmed_.bytes += job.payload.size();
    waiting_.payloads.push_back(std::move(job.payload));
  }
  next_ticket_ += tickets.count;
  return {tickets, unconfirmed_.jobs, tickets.count > 0 && std::exchange(asleep_, false)};
}

void Inbox::put(Question question) {
  std::unique_lock lock(mutex_);
  waiting_.questions.push_back(std::move(question));
  wake(lock);
}

void Inbox::withdraw(std::uint64_t question) {
  std::unique_lock lock(mutex_);
  waiting_.withdrawn.push_back(question);
  wake(lock);
}

void Inbox::close() {
  std::unique_lock lock(mutex_);
  waiting_.closed = true;
  wake(lock);
}

void Inbox::wake(std::unique_lock<std::mutex>& lock) {
  const bool must = std::exchange(asleep_, false);
  lock.unlock();
  if (must) wakeup_.signal();
}

std::size_t Inbox::unconfirmed() const {
  const std::lock_guard lock(mutex_);
  return unconfirmed_.jobs;
}

bool Inbox::wait_confirmed(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  ++blocked_;
  const bool none = room_.wait_for(lock, bounded(patience), [&] { return unconfirmed_.jobs == 0; });
  --blocked_;
  return none;
}

void Inbox::take(Contents& contents) {
  ZCREW_CHECK(contents.payloads.empty() && contents.runs.empty() && contents.questions.empty() &&
              contents.withdrawn.empty());
  const std::lock_guard lock(mutex_);
  asleep_ = false;
  if (!waiting_.runs.empty()) taken_options_ = waiting_.runs.back().options;
  std::swap(contents.payloads, waiting_.payloads);
  std::swap(contents.runs, waiting_.runs);
  std::swap(contents.questions, waiting_.questions);
  std::swap(contents.withdrawn, waiting_.withdrawn);
  contents.closed = close_taken_ = waiting_.closed;
}

bool Inbox::may_sleep() {
  const std::lock_guard lock(mutex_);
  asleep_ = waiting_.payloads.empty() && waiting_.questions.empty() && waiting_.withdrawn.empty() &&
            waiting_.closed == close_taken_;
  return asleep_;
}

void Inbox::settle(std::size_t jobs, std::uint64_t bytes, Room window) {
  bool must = false;
  {
    const std::lock_guard lock(mutex_);
    ZCREW_CHECK(jobs <= unconfirmed_.jobs && bytes <= unconfirmed_.bytes);
    unconfirmed_.jobs -= jobs;
    unconfirmed_.bytes -= bytes;
    window_ = window;
    must = blocked_ > 0;
  }
  if (must) room_.notify_all();
}

}  // namespace zcrew::client
