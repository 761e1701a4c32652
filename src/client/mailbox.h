// What a client's users are told, on its way from the driver: events in order, and answers to
// questions by number. Any thread may fetch.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
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
  // The first events, as many as there are and have a place; how many. Places are written over.
  std::size_t take(std::span<ClientEvent> places);
  // The same; without an event the caller counts as waiting until stop_waiting(), and news()
  // becomes readable for one of those who wait when there is something.
  std::size_t take_or_wait(std::span<ClientEvent> places);
  void stop_waiting();
  [[nodiscard]] int news() const { return news_.fd(); }

  // A number for a question, whose answer is kept until fetch() returns.
  std::uint64_t open_question();
  // nullopt if there was none in time, or the connection ended first.
  std::optional<Client::Reply> fetch(std::uint64_t question, std::chrono::milliseconds patience);

 private:
  std::size_t take(std::unique_lock<std::mutex> lock, std::span<ClientEvent> places);

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
