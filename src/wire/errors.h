// The error registry: numbers are stable for ever, texts may improve. docs/protocol.md lists the
// same numbers with their cure; a test compares the two.
#pragma once

#include <cstdint>
#include <string_view>

namespace zcrew::wire {

enum class ErrorCode : std::uint16_t {
  none = 0,
  // 1xx: the message itself
  malformed = 100,        // not a message of this protocol, or cut short, or with bytes left over
  unknown_message = 101,  // a type this side does not know
  version_unsupported = 102,  // HELLO names a protocol version the router does not speak
  wrong_socket = 103,         // a worker on the frontend, or a client on the backend
  hello_first = 104,          // a worker's message before its HELLO
  // 2xx: submitting
  session_unknown = 200,  // a SUBMIT before HELLO on this connection: say HELLO, then resend
  out_of_order = 201,     // not the batch after the last one: resend from `last + 1`
  window_exceeded = 202,  // more unconfirmed jobs or bytes than WELCOME granted
  queue_full = 203,       // the queue's limit is reached: try after retry_after_ms
  journal_full = 204,     // no disk space left for new jobs: try after retry_after_ms
  payload_too_large = 205,
  bad_queue_name = 206,
  bad_option = 207,          // priority, attempts, delay … out of range
  option_unsupported = 208,  // an option of this protocol that this router does not offer
  shutting_down = 209,       // the router is finishing: try another, or after its restart
  bad_batch = 210,           // no job in it, too many, or indexes not rising
  too_many_queues = 211,
  // 3xx: working
  stale_token = 300,        // reserved: SETTLED answers a stale outcome
  superseded = 301,         // a newer connection of the same instance took over
  declared_dead = 302,      // silent for too long: say HELLO on a new socket
  bad_worker_option = 303,  // name, weight, concurrency or queues out of range
  unknown_job = 304,        // reserved
  // 4xx: steering
  unknown_verb = 400,
  bad_arguments = 401,
  not_found = 402,
  // 5xx: ours
  internal = 500,
};

// The registry's short name, e.g. "queue_full"; "unknown" for a number of a newer peer.
std::string_view name_of(ErrorCode code);

}  // namespace zcrew::wire
