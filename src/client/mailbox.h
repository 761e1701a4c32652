// What a client's users are told, on its way from the driver: events in order, and answers to
// questions by number. Any thread may fetch.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "client/session_effects.h"
#include "net/socket.h"
#include "zcrew/client.h"

namespace zcrew::client {

class Mailbox {
 public:
  // ---- the driver: takes them over ----
  void post(std::vector<Event>& events);
  // Those nobody waits for are dropped.
  void post(std::vector<Answer>& answers);

  // ---- users ----
  std::optional<ClientEvent> take();
  // The same; without an event the caller counts as waiting until stop_waiting(), and news()
  // becomes readable for one of those who wait when there is something.
  std::optional<ClientEvent> take_or_wait();
  void stop_waiting();
  [[nodiscard]] int news() const { return news_.fd(); }

  // A number for a question, whose answer is kept until fetch() returns.
  std::uint64_t open_question();
  // nullopt if there was none in time, or the connection ended first.
  std::optional<Client::Reply> fetch(std::uint64_t question, std::chrono::milliseconds patience);

 private:
  std::optional<ClientEvent> take(std::unique_lock<std::mutex> lock);

  net::Wakeup news_;
  std::mutex mutex_;
  std::condition_variable answered_;
  // Protected by mutex_:
  std::deque<Event> events_;
  unsigned waiting_ = 0;
  std::map<std::uint64_t, std::optional<Answer>> questions_;
  std::uint64_t last_question_ = 0;
};

}  // namespace zcrew::client
