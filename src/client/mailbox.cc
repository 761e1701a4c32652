#include "client/mailbox.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "client/patience.h"

namespace zcrew::client {
namespace {

JobEnd to_public(wire::End end) {
  switch (end) {
    case wire::End::done:
      return JobEnd::done;
    case wire::End::dead:
      return JobEnd::dead;
    case wire::End::cancelled:
      return JobEnd::cancelled;
    case wire::End::expired:
      return JobEnd::expired;
    case wire::End::unknown:
      break;
  }
  return JobEnd::unknown;
}

struct ToPublic {
  ClientEvent operator()(const ConfirmedRun& run) const {
    return Confirmed{run.first, to_text(run.job)};
  }
  ClientEvent operator()(FinishedJob& job) const {
    return Finished{job.ticket,          to_text(job.job),      to_public(job.end),
                    job.attempts,        std::move(job.worker), std::move(job.reason),
                    std::move(job.bytes)};
  }
  ClientEvent operator()(RefusedJob& job) const { return std::move(job); }
  ClientEvent operator()(HeldBack& held) const { return std::move(held); }
  ClientEvent operator()(const LinkUp& up) const { return up; }
  ClientEvent operator()(LinkDown& down) const { return std::move(down); }
};

// The first event; of a run only its first job is taken.
Event take_first(std::deque<Event>& events) {
  auto* run = std::get_if<ConfirmedRun>(&events.front());
  if (run == nullptr || run->count == 1) {
    Event event = std::move(events.front());
    events.pop_front();
    return event;
  }
  const ConfirmedRun first = *run;
  ++run->first;
  ++run->job.sequence;
  --run->count;
  return first;
}

}  // namespace

void Mailbox::post(std::vector<Event>& events) {
  if (events.empty()) return;
  const std::lock_guard lock(mutex_);
  std::move(events.begin(), events.end(), std::back_inserter(events_));
  events.clear();
  if (waiting_ > 0) news_.signal();
}

void Mailbox::post(std::vector<Answer>& answers) {
  if (answers.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (Answer& answer : answers) {
      const auto at = questions_.find(answer.request);
      if (at != questions_.end()) at->second = std::move(answer);
    }
  }
  answered_.notify_all();
  answers.clear();
}

std::optional<ClientEvent> Mailbox::take() { return take(std::unique_lock(mutex_)); }

std::optional<ClientEvent> Mailbox::take_or_wait() {
  std::unique_lock lock(mutex_);
  if (events_.empty()) {
    ++waiting_;
    return std::nullopt;
  }
  return take(std::move(lock));
}

void Mailbox::stop_waiting() {
  news_.drain();
  const std::lock_guard lock(mutex_);
  --waiting_;
  // One was woken by what is enough for several.
  if (waiting_ > 0 && !events_.empty()) news_.signal();
}

std::optional<ClientEvent> Mailbox::take(std::unique_lock<std::mutex> lock) {
  if (events_.empty()) return std::nullopt;
  Event event = take_first(events_);
  lock.unlock();
  return std::visit(ToPublic{}, event);
}

std::uint64_t Mailbox::open_question() {
  const std::lock_guard lock(mutex_);
  questions_[++last_question_] = std::nullopt;
  return last_question_;
}

std::optional<Client::Reply> Mailbox::fetch(std::uint64_t question,
                                            std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto at = questions_.find(question);
  answered_.wait_for(lock, bounded(patience), [&] { return at->second.has_value(); });
  const std::optional<Answer> answer = std::move(at->second);
  questions_.erase(at);
  if (!answer || !answer->came) return std::nullopt;
  return Client::Reply{static_cast<int>(answer->code), answer->body};
}

}  // namespace zcrew::client
