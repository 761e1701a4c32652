// What a client's users are told, on its way from the I/O thread: events in order, and answers to
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
#include "zcrew/client.h"

namespace zcrew::client {

class Mailbox {
 public:
  // ---- the I/O thread: takes them over ----
  void post(std::vector<Event>& events);
  // Those nobody waits for are dropped.
  void post(std::vector<Answer>& answers);

  // ---- users ----
  std::optional<ClientEvent> next(std::chrono::milliseconds patience);

  // A number for a question, whose answer is kept until fetch() returns.
  std::uint64_t open_question();
  // nullopt if there was none in time, or the connection ended first.
  std::optional<Client::Reply> fetch(std::uint64_t question, std::chrono::milliseconds patience);

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable answered_;
  // Protected by mutex_:
  std::deque<Event> events_;
  std::map<std::uint64_t, std::optional<Answer>> questions_;
  std::uint64_t last_question_ = 0;
};

}  // namespace zcrew::client
