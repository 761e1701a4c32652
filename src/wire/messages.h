// Every message of the native protocol as a struct. docs/protocol.md is the contract; the clause
// numbers are there. Pure.
//
// A message is one ZeroMQ frame: a msgpack array whose first element is the type's number. Elements
// a reader does not know, behind those it knows, are ignored. All string_views of a decoded message
// point into the frame it was decoded from and die with it.
//
// Times are milliseconds (`_ms`) or microseconds (`_us`); 0 in an option means "the router's or
// queue's default" unless said otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "wire/errors.h"

namespace zcrew::wire {

inline constexpr std::uint8_t protocol_version = 1;

enum class Type : std::uint8_t {
  // client to router
  client_hello = 1,
  submit = 2,
  ask = 3,
  acknowledge = 4,
  admin = 7,
  // both ways, both sockets
  heartbeat = 5,
  bye = 6,
  // router to client
  client_welcome = 16,
  confirm = 17,
  result = 18,
  refused = 19,
  admin_reply = 20,
  // router to either
  error = 21,
  // worker to router
  worker_hello = 32,
  outcome = 33,
  drain = 34,
  // router to worker
  worker_welcome = 48,
  run = 49,
  settled = 50,
  capacity = 51,
  recall = 52,
};

// What a worker says of an attempt.
enum class Outcome : std::uint8_t {
  done = 0,
  failed = 1,    // try again later
  rejected = 2,  // never try again: dead letter
  released = 3,  // given back unworked, not counted
};

// How a job ended.
enum class End : std::uint8_t { done = 0, dead = 1, cancelled = 2, expired = 3, unknown = 4 };

// Where a job's result goes.
enum class ResultMode : std::uint8_t {
  none = 0,
  caller = 1,  // to the session that submitted it
  keep = 2,    // fetched later by id (not offered yet: option_unsupported)
};

// ---- client to router ------------------------------------------------------------------------

struct ClientHello {
  std::uint8_t version = protocol_version;
  Uuid session;
  std::uint64_t floor = 1;  // the lowest batch number that is not wholly confirmed (next if none)
  std::string_view name;    // for people, e.g. "host/pid"
  bool operator==(const ClientHello&) const = default;
};

// Options shared by the jobs of one group of a SUBMIT.
struct JobOptions {
  std::string_view queue;
  Priority priority = 5;
  std::uint64_t delay_ms = 0;
  std::uint32_t attempts = 0;
  std::uint32_t backoff_ms = 0;     // base of the exponential wait after a failure
  std::uint64_t time_limit_ms = 0;  // how long an attempt may run; 0 = no limit
  std::uint64_t expires_ms = 0;     // do not start later than this after acceptance; 0 = never
  ResultMode result = ResultMode::none;
  bool at_most_once = false;  // not offered yet: option_unsupported
  bool operator==(const JobOptions&) const = default;
};

struct SubmitItem {
  std::uint32_t index = 0;  // position in the batch; rising; gaps where a resend leaves jobs out
  std::string_view payload;
  std::string_view key;  // idempotency key (not offered yet: option_unsupported unless empty)
  bool operator==(const SubmitItem&) const = default;
};

struct SubmitGroup {
  JobOptions options;
  std::vector<SubmitItem> items;
  bool operator==(const SubmitGroup&) const = default;
};

struct Submit {
  std::uint64_t batch = 0;  // 1, 2, 3 … within the session
  std::uint64_t floor = 1;  // as in ClientHello
  std::vector<SubmitGroup> groups;
  bool operator==(const Submit&) const = default;
};

// "What became of these?" after a reconnect; answered by RESULT once each job has ended.
struct Ask {
  std::vector<JobId> jobs;
  bool operator==(const Ask&) const = default;
};

// The caller has these results; the router may forget them.
struct Acknowledge {
  std::vector<JobId> jobs;
  bool operator==(const Acknowledge&) const = default;
};

// Steering and looking. `arguments` is a JSON object. Allowed on a frontend connection without
// HELLO.
struct Admin {
  std::uint64_t request = 0;  // chosen by the client, echoed in the reply
  std::string_view verb;      // "status", "set" …
  std::string_view arguments;
  bool operator==(const Admin&) const = default;
};

// ---- both ways ---------------------------------------------------------------------------------

// "I am alive." Sent ahead of a message over 1 MiB, it names that message's size, so that the other
// side waits longer by that size at 1 MiB/s before it judges.
struct Heartbeat {
  std::uint64_t coming_bytes = 0;
  bool operator==(const Heartbeat&) const = default;
};
struct Bye {
  bool operator==(const Bye&) const = default;
};

// ---- router to client --------------------------------------------------------------------------

struct ClientWelcome {
  std::uint8_t version = protocol_version;
  Epoch epoch = 0;
  std::uint32_t heartbeat_ms = 0;
  std::uint32_t liveness = 0;      // silent for heartbeat_ms × liveness = gone
  std::uint64_t last_batch = 0;    // the client goes on with last_batch + 1
  std::uint32_t window_jobs = 0;   // at most this many unconfirmed jobs …
  std::uint64_t window_bytes = 0;  // … and payload bytes at any time
  std::uint64_t payload_bytes_max = 0;
  bool operator==(const ClientWelcome&) const = default;
};

// Jobs batch[index] … batch[index + count - 1] are safe and are job, job + 1, … by sequence.
struct Confirm {
  std::uint64_t batch = 0;
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  JobId first;
  bool operator==(const Confirm&) const = default;
};

// A job's end and its result: also its confirm, if none was sent before.
struct JobResult {
  std::uint64_t batch = 0;  // 0 when answered to ASK after a router restart: then go by the id
  std::uint32_t index = 0;
  JobId job;
  End end = End::done;
  std::uint32_t attempts = 0;
  std::string_view worker;  // the name of the last worker; empty if none
  std::string_view reason;  // empty for done; else e.g. "failed", "rejected", "crash", "expired"
  std::string_view bytes;   // the result, or the last error's text
  bool operator==(const JobResult&) const = default;
};

struct ItemError {
  std::uint32_t index = 0;
  ErrorCode code = ErrorCode::none;
  bool operator==(const ItemError&) const = default;
};

// The whole batch is refused and its number is still free.
struct Refused {
  std::uint64_t batch = 0;
  ErrorCode code = ErrorCode::none;
  std::uint64_t retry_after_ms = 0;  // 0 = not before something changes
  std::uint64_t last_batch = 0;      // with out_of_order: go on with last_batch + 1
  std::string_view text;
  std::vector<ItemError> items;
  bool operator==(const Refused&) const = default;
};

struct AdminReply {
  std::uint64_t request = 0;
  ErrorCode code = ErrorCode::none;
  std::string_view body;  // a JSON document, or the error's text
  bool operator==(const AdminReply&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::none;
  std::string_view text;
  bool operator==(const Error&) const = default;
};

// ---- worker to router --------------------------------------------------------------------------

// The first message of a worker's socket. `held` and `finished` are the truth about what survived
// a router's restart or a lost connection: attempts that run or wait here, and attempts that ended
// here and whose OUTCOME was not settled (it follows after WELCOME, unless to be abandoned).
struct WorkerHello {
  std::uint8_t version = protocol_version;
  Uuid instance;
  std::string_view name;
  std::uint32_t weight = 1;       // 0 … limits::weight_max; 0 = no new jobs
  std::uint32_t concurrency = 0;  // 0 = follows the weight
  std::vector<std::string_view> queues;
  std::vector<Token> held;
  std::vector<Token> finished;
  bool recalls = false;          // understands RECALL; it came after the first workers
  std::uint32_t connection = 0;  // which of the instance's: 1, 2, …; 0 = not said
  bool operator==(const WorkerHello&) const = default;
};

struct OutcomeItem {
  Token token;
  Outcome outcome = Outcome::done;
  std::uint64_t run_us = 0;    // how long the job ran; of a run, the mean
  std::uint64_t held_us = 0;   // from RUN's arrival at the worker to this message
  std::uint64_t delay_ms = 0;  // failed: wait this long, 0 = the policy's time; released: 0 = none
  std::string_view bytes;      // done: the result; else the error's text
  std::uint32_t count = 1;     // of a run (wire/runs.h); above 1 only if done without a result
  bool operator==(const OutcomeItem&) const = default;
};

// No new jobs, please: what runs is finished, what has not started comes back as released.
struct Drain {
  bool operator==(const Drain&) const = default;
};

// ---- router to worker --------------------------------------------------------------------------

struct QueueName {
  QueueNumber number = 0;
  std::string_view name;
  bool operator==(const QueueName&) const = default;
};

struct WorkerWelcome {
  std::uint8_t version = protocol_version;
  Epoch epoch = 0;
  std::uint32_t heartbeat_ms = 0;
  std::uint32_t liveness = 0;
  std::uint32_t concurrency = 0;        // how many jobs to run at once (the weight's, if not set)
  std::vector<QueueName> queues;        // the numbers that RUN uses
  std::vector<Token> abandon;           // listed in HELLO and no longer this worker's: drop them
  std::uint64_t payload_bytes_max = 0;  // of a result; a longer one cannot be reported. 0 = 64 MiB
  bool operator==(const WorkerWelcome&) const = default;
};

struct RunItem {
  Token token;
  std::uint32_t attempt = 1;  // released attempts do not count
  std::uint64_t time_limit_ms = 0;
  std::string_view payload;
  bool operator==(const RunItem&) const = default;
};

// Attempts whose tokens differ in the sequence alone, which grows by one from each to the next.
struct TokenRun {
  Token first;
  std::uint32_t count = 1;
  bool operator==(const TokenRun&) const = default;
};

// The weight or concurrency was changed by a person.
struct Capacity {
  std::uint32_t weight = 0;
  std::uint32_t concurrency = 0;
  bool operator==(const Capacity&) const = default;
};

// Give these back if they have not begun: as OUTCOME released, at once. Others are passed over.
struct Recall {
  std::vector<Token> tokens;
  bool operator==(const Recall&) const = default;
};

// ---- whole messages ----------------------------------------------------------------------------

struct ConfirmMessage {
  std::vector<Confirm> entries;
  bool operator==(const ConfirmMessage&) const = default;
};
struct ResultMessage {
  std::vector<JobResult> entries;
  bool operator==(const ResultMessage&) const = default;
};
struct OutcomeMessage {
  std::vector<OutcomeItem> entries;
  bool operator==(const OutcomeMessage&) const = default;
};
struct RunMessage {
  std::vector<RunItem> entries;
  bool operator==(const RunMessage&) const = default;
};
struct SettledMessage {
  std::vector<TokenRun> entries;
  bool operator==(const SettledMessage&) const = default;
};

// ---- Paranoid Pirate (wire/guide.h has the frames) ---------------------------------------------

// How a Guide worker spells READY and HEARTBEAT: as one byte (C, Python, Go, Java) or as a word
// (C++, C#, Lua, PHP). It is answered in its own spelling.
enum class GuideSpelling : std::uint8_t { byte, word };

struct GuideReady {
  GuideSpelling spelling = GuideSpelling::byte;
  bool operator==(const GuideReady&) const = default;
};
struct GuideHeartbeat {
  GuideSpelling spelling = GuideSpelling::byte;
  bool operator==(const GuideHeartbeat&) const = default;
};
// From a REQ client.
struct GuideRequest {
  std::string_view body;
  bool operator==(const GuideRequest&) const = default;
};
// From a Guide worker.
struct GuideReply {
  Token token;
  std::string_view body;
  bool operator==(const GuideReply&) const = default;
};

using FrontendMessage =
    std::variant<ClientHello, Submit, Ask, Acknowledge, Admin, Heartbeat, Bye, GuideRequest>;
using BackendMessage = std::variant<WorkerHello, OutcomeMessage, Drain, Heartbeat, Bye, GuideReady,
                                    GuideHeartbeat, GuideReply>;
using ToClient = std::variant<ClientWelcome, ConfirmMessage, ResultMessage, Refused, AdminReply,
                              Error, Heartbeat, Bye>;
using ToWorker = std::variant<WorkerWelcome, RunMessage, SettledMessage, Capacity, Recall, Error,
                              Heartbeat, Bye>;

}  // namespace zcrew::wire
