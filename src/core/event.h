// Everything that can happen to the core. Views inside an event must live until step() returns.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/payload.h"
#include "base/time.h"
#include "core/record.h"
#include "wire/decode.h"
#include "wire/messages.h"

namespace zcrew::core {

enum class Side : std::uint8_t { frontend, backend };

struct FromClient {
  Peer peer;
  wire::FrontendMessage message;  // Admin never gets here: the shell answers it (see Command)
};
struct FromWorker {
  Peer peer;
  wire::BackendMessage message;
};
struct Malformed {
  Peer peer;
  Side side;
  wire::DecodeError error;
};

// The connection is known to be gone, or a send to it was refused. A Peer never comes back.
struct PeerGone {
  Peer peer;
};

// Records up to this number are on disk or cancelled.
struct Durable {
  JournalSequence sequence = 0;
};

// Payload and record bytes that may still be accepted before the disk counts as full; sent after
// every commit and whenever it changes, without what waits for a commit. The core takes off what it
// accepts from then on, and refuses new jobs when the rest is too small.
struct Space {
  std::uint64_t admissible_bytes = 0;
};

// ---- what was read from the journal ----

struct LoadedJob {
  JobId id;
  Place place = Place::none;  // none: no such record
  WallTime due{};             // if place is later
  JobHeader header;
  std::uint64_t payload_bytes = 0;
  Payload payload;  // only if it is stored inline; larger ones are read at hand-out
};

struct ReadyPage {
  QueueNumber queue = 0;
  Priority priority = 0;
  Sequence after = 0;  // as asked
  std::vector<LoadedJob> jobs;
  bool reached_end = false;   // nothing further below `before` in this snapshot
  JournalSequence as_of = 0;  // the last record the snapshot contains
};

struct LaterPage {
  WallTime after_due{};  // as asked
  JobId after_id;
  std::vector<LoadedJob> jobs;
  bool reached_end = false;
  JournalSequence as_of = 0;
};

struct JobsLoaded {
  std::uint64_t request = 0;
  std::vector<LoadedJob> jobs;  // one per id asked for, in order
  JournalSequence as_of = 0;
};

struct PayloadLoaded {
  JobId id;
  Payload payload;
  bool found = false;
};

struct LoadedResult {
  JobId id;
  bool found = false;
  PutResult result;
  Place place = Place::none;  // not found: where the job itself is, so that "not ended yet" shows
};
struct ResultsLoaded {
  std::uint64_t request = 0;
  std::vector<LoadedResult> results;
  JournalSequence as_of = 0;
};

// ---- a person's commands; answered by an AdminReply effect with the same request ----

enum class CommandRequest : std::uint64_t {};

struct SetWeight {
  std::string worker;  // every worker of this name, or the one of this instance
  std::uint32_t weight = 1;
};
struct SetPolicy {
  std::string queue;
  Policy policy = Policy::weighted;
};
struct SetQueue {  // any other setting of a queue; made if it does not exist
  QueueSettings settings;
};
struct RedriveDead {
  std::vector<JobId> jobs;
};
struct RemoveDead {
  std::vector<JobId> jobs;
};
struct Command {
  CommandRequest request;
  std::variant<SetWeight, SetPolicy, SetQueue, RedriveDead, RemoveDead> what;
};

// Take no new jobs, hand none out, settle what is held; Core::idle() tells when that is done.
// A second one does not wait for what is held: the peers are told goodbye as it is.
struct Shutdown {};

// The process did not run for this long (a debugger, SIGSTOP, a starved machine): every deadline
// moves by it. Sent before the backlog of messages is read.
struct Stalled {
  Duration by{};
};

// Time has passed: judge deadlines. Sent after the sockets were drained.
struct Tick {};

using Event =
    std::variant<FromClient, FromWorker, Malformed, PeerGone, Durable, Space, ReadyPage, LaterPage,
                 JobsLoaded, PayloadLoaded, ResultsLoaded, Command, Shutdown, Stalled, Tick>;

}  // namespace zcrew::core
