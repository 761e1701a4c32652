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

// A confirm mostly follows one in the same place, whose id's memory is used again.
void write(ClientEvent& place, Ticket ticket, const std::string& id) {
  if (auto* before = std::get_if<Confirmed>(&place)) {
    before->ticket = ticket;
    before->id = id;
  } else {
    place = Confirmed{ticket, id};
  }
}

// Writes an event to the first places, and returns how many it took.
struct ToPublic {
  std::span<ClientEvent> places;

  std::size_t operator()(ConfirmedRun& run) const {
    std::string id = to_text(run.job);
    write(places[0], run.first, id);
    for (std::uint32_t i = 1; i < run.count; ++i) {
      const JobId before = run.job;
      ++run.job.sequence;
      respell(id, before, run.job);
      write(places[i], run.first + i, id);
    }
    return run.count;
  }
  std::size_t operator()(FinishedJob& job) const {
    places[0] = Finished{job.ticket,          to_text(job.job),      to_public(job.end),
                         job.attempts,        std::move(job.worker), std::move(job.reason),
                         std::move(job.bytes)};
    return 1;
  }
  template <typename Same>
  std::size_t operator()(Same& event) const {
    places[0] = std::move(event);
    return 1;
  }
};

// The first event; of a run no more than so many jobs are taken.
Event take_first(std::deque<Event>& events, std::size_t jobs_max) {
  auto* run = std::get_if<ConfirmedRun>(&events.front());
  if (run == nullptr || run->count <= jobs_max) {
    Event event = std::move(events.front());
    events.pop_front();
    return event;
  }
  ConfirmedRun first = *run;
  first.count = static_cast<std::uint32_t>(jobs_max);
  run->first += first.count;
  run->job.sequence += first.count;
  run->count -= first.count;
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

std::size_t Mailbox::take(std::span<ClientEvent> places) {
  return take(std::unique_lock(mutex_), places);
}

std::size_t Mailbox::take_or_wait(std::span<ClientEvent> places) {
  std::unique_lock lock(mutex_);
  if (events_.empty()) {
    ++waiting_;
    return 0;
  }
  return take(std::move(lock), places);
}

void Mailbox::stop_waiting() {
  news_.drain();
  const std::lock_guard lock(mutex_);
  --waiting_;
  // One was woken by what is enough for several.
  if (waiting_ > 0 && !events_.empty()) news_.signal();
}

// Spells outside of the lock, which the driver may want: it is taken once a run.
std::size_t Mailbox::take(std::unique_lock<std::mutex> lock, std::span<ClientEvent> places) {
  std::size_t taken = 0;
  while (taken < places.size()) {
    if (!lock) lock.lock();
    if (events_.empty()) break;
    Event event = take_first(events_, places.size() - taken);
    lock.unlock();
    taken += std::visit(ToPublic{places.subspan(taken)}, event);
  }
  return taken;
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
