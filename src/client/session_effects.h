// What a producer's session wants done: messages, events for its user, connections. Pure data.
//
// A caller keeps one Effects, passes it to the session's calls, carries it out after each turn()
// and clears it. Views inside messages die with the next call on the session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "wire/messages.h"
#include "zcrew/client.h"

namespace zcrew::client {

// Tickets first … first + count - 1 are safe and are job, job + 1, … by sequence.
struct ConfirmedRun {
  Ticket first = 0;
  std::uint32_t count = 0;
  JobId job;
  bool operator==(const ConfirmedRun&) const = default;
};

struct FinishedJob {
  Ticket ticket = 0;
  JobId job;
  wire::End end = wire::End::done;
  std::uint32_t attempts = 0;
  std::string worker;
  std::string reason;
  std::string bytes;
};

using Event = std::variant<ConfirmedRun, FinishedJob, RefusedJob, HeldBack, LinkUp, LinkDown>;

// To ask().
struct Answer {
  std::uint64_t request = 0;
  // False: the connection ended first; whether the request was carried out is not known.
  bool came = false;
  wire::ErrorCode code = wire::ErrorCode::none;
  std::string body;
};

using Outgoing = std::variant<wire::ClientHello, wire::Submit, wire::Ask, wire::Acknowledge,
                              wire::Admin, wire::Heartbeat, wire::Bye>;

// Order of duties: sends, then close, then open.
struct Effects {
  std::vector<Outgoing> sends;
  std::vector<Event> events;
  std::vector<Answer> answers;
  bool close = false;  // the connection is over; nothing received on it counts any more
  bool open = false;   // make a new one
  // Jobs, and bytes of their payloads, that left the unconfirmed ones.
  std::size_t settled_jobs = 0;
  std::uint64_t settled_bytes = 0;

  void clear() {
    sends.clear();
    events.clear();
    answers.clear();
    close = open = false;
    settled_jobs = 0;
    settled_bytes = 0;
  }
};

}  // namespace zcrew::client
