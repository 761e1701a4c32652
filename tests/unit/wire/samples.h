// One of each message of version 1, "full" with every field unlike its default, and "short" with
// as few elements as may be. tests/golden/wire1 has their bytes.
#pragma once

#include "wire/messages.h"

namespace zcrew::wire::samples {

inline Uuid uuid() {
  Uuid value;
  for (std::size_t i = 0; i < value.bytes.size(); ++i) {
    value.bytes[i] = static_cast<std::uint8_t>(0x11 * i);
  }
  return value;
}

inline constexpr JobId job{3, 5, 1048577};
inline constexpr JobId other_job{4294967295U, 9, 18446744073709551615ULL};
inline constexpr Token token{job, 2, 7};
inline constexpr Token other_token{other_job, 4294967295U, 4294967295U};

inline ClientHello client_hello() { return {1, uuid(), 7, "host/42"}; }
inline ClientHello client_hello_short() { return {1, uuid(), 1, {}}; }

inline Submit submit() {
  JobOptions options;
  options.queue = "mail";
  options.priority = 0;
  options.delay_ms = 250;
  options.attempts = 9;
  options.backoff_ms = 70000;
  options.time_limit_ms = 5000000000;
  options.expires_ms = 60000;
  options.result = ResultMode::caller;
  options.at_most_once = true;
  JobOptions plain;
  plain.queue = "default";
  return {8, 7, {{options, {{0, "first", "key"}, {1, "second", {}}}}, {plain, {{300, {}, {}}}}}};
}
inline Submit submit_short() {
  Submit message;
  message.batch = 1;
  message.groups.resize(1);
  message.groups[0].options.queue = "default";
  message.groups[0].items = {{0, "x", {}}};
  return message;
}

inline Ask ask() { return {{job, other_job}}; }
inline Acknowledge acknowledge() { return {{job}}; }
inline Admin admin() { return {99, "set_weight", R"({"worker":"w1","weight":3})"}; }
inline Heartbeat heartbeat() { return {3000000}; }
inline Heartbeat heartbeat_short() { return {}; }
inline Bye bye() { return {}; }

inline ClientWelcome client_welcome() { return {1, 7, 1000, 3, 41, 16384, 16777216, 1048576}; }
inline ConfirmMessage confirm() { return {{{41, 0, 64, job}, {42, 7, 1, other_job}}}; }
inline ResultMessage result() {
  return {{{41, 3, job, End::dead, 5, "worker/9", "failed", "no such address"},
           {42, 0, other_job, End::done, 1, {}, {}, {}}}};
}
inline Refused refused() {
  return {43, ErrorCode::bad_option, 1500, 42, "priority 12", {{5, ErrorCode::bad_option}}};
}
inline Refused refused_short() { return {43, ErrorCode::queue_full, 1000, 42, {}, {}}; }
inline AdminReply admin_reply() { return {99, ErrorCode::not_found, "no worker w1"}; }
inline Error error() { return {ErrorCode::declared_dead, "silent for 3.0 s"}; }
inline Error error_short() { return {ErrorCode::superseded, {}}; }

inline WorkerHello worker_hello() {
  return {1, uuid(), "worker/9", 3, 4, {"mail", "default"}, {token, other_token}, {token}, true, 7};
}
// What a worker sent before it counted its connections.
inline WorkerHello worker_hello_uncounted_short() {
  WorkerHello hello = worker_hello();
  hello.connection = 0;
  return hello;
}
// What a worker sent before there was RECALL.
inline WorkerHello worker_hello_resume_short() {
  WorkerHello hello = worker_hello_uncounted_short();
  hello.recalls = false;
  return hello;
}
inline WorkerHello worker_hello_short() { return {1, uuid(), "w", 1, 0, {"default"}, {}, {}}; }
inline OutcomeMessage outcome() {
  return {{{token, Outcome::failed, 5000, 6000, 250, "no such address"},
           {other_token, Outcome::done, 5000, 6000, 0, {}},
           {token, Outcome::done, 0x100000000, 6000, 0, {}},
           {token, Outcome::done, 5000, 6000, 0, {}, 300}}};
}
inline Drain drain() { return {}; }

inline WorkerWelcome worker_welcome() {
  return {1, 7, 1000, 3, 4, {{3, "mail"}, {1, "default"}}, {other_token}, 1048576};
}
inline WorkerWelcome worker_welcome_short() { return {1, 7, 1000, 3, 1, {{1, "default"}}, {}, 0}; }
inline RunMessage run() {
  return {{{token, 2, 5000, "the payload"}, {other_token, 1, 0, "another"}, {token, 3, 0, {}}}};
}
inline SettledMessage settled() { return {{{token}, {other_token}, {token, 300}}}; }
inline Capacity capacity() { return {3, 300}; }
inline Recall recall() { return {{token, other_token}}; }

// Calls visit(name, message) for each of them.
template <typename Visitor>
void each(Visitor&& visit) {
  visit("client_hello", client_hello());
  visit("client_hello_short", client_hello_short());
  visit("submit", submit());
  visit("submit_short", submit_short());
  visit("ask", ask());
  visit("acknowledge", acknowledge());
  visit("admin", admin());
  visit("heartbeat", heartbeat());
  visit("heartbeat_short", heartbeat_short());
  visit("bye", bye());
  visit("client_welcome", client_welcome());
  visit("confirm", confirm());
  visit("result", result());
  visit("refused", refused());
  visit("refused_short", refused_short());
  visit("admin_reply", admin_reply());
  visit("error", error());
  visit("error_short", error_short());
  visit("worker_hello", worker_hello());
  visit("worker_hello_uncounted_short", worker_hello_uncounted_short());
  visit("worker_hello_resume_short", worker_hello_resume_short());
  visit("worker_hello_short", worker_hello_short());
  visit("outcome", outcome());
  visit("drain", drain());
  visit("worker_welcome", worker_welcome());
  visit("worker_welcome_short", worker_welcome_short());
  visit("run", run());
  visit("settled", settled());
  visit("capacity", capacity());
  visit("recall", recall());
}

}  // namespace zcrew::wire::samples
