// What the core asks the journal to make durable, as state changes of jobs, sessions, instances and
// queues. Pure data; src/journal gives them bytes.
//
// The core numbers its records 1, 2, 3 … in the order of emission (the journal sequence); a run of
// jobs that is one record takes a number for each. All records of one step are one atomic group: a
// crash keeps all of them or none. `Durable{n}` means that every record up to number n is on disk
// (or was cancelled, see RemoveJob::cancels).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/boxed.h"
#include "base/ids.h"
#include "base/payload.h"
#include "base/time.h"
#include "wire/messages.h"

namespace zcrew::core {

using JournalSequence = std::uint64_t;

// Who submitted a job whose result has a taker.
struct Origin {
  Uuid session;
  std::uint64_t batch = 0;
  std::uint32_t index = 0;
};

// The journaled facts of a job besides its payload and history. Fixed size on disk.
struct JobHeader {
  WallTime accepted_at{};
  WallTime expires_at{};           // zero = never
  std::uint32_t attempts_max = 0;  // resolved at acceptance, never 0
  std::uint32_t failures = 0;      // attempts that ended as failed
  std::uint32_t crashes = 0;       // attempts that ended with the worker's death
  std::uint32_t handouts = 0;      // number and …
  Epoch handout_epoch = 0;  // … epoch of the last hand-out that ended: older tokens are stale
  std::uint32_t backoff_ms = 0;  // resolved at acceptance, never 0
  std::uint64_t time_limit_ms = 0;
  wire::ResultMode result = wire::ResultMode::none;
  bool at_most_once = false;
  Origin origin;  // meaningful unless result is none
};

// One ended attempt, or one thing a person did, as `dead show` prints it.
struct HistoryEntry {
  WallTime at{};
  std::uint32_t attempt = 0;
  std::string event;  // "failed", "rejected", "crash", "redriven"
  std::string worker;
  std::string text;  // at most limits::history_text_bytes
};

// A new job, into `ready`, or into `later` if `due` is set.
struct PutJob {
  JobId id;
  WallTime due{};  // zero = ready now
  JobHeader header;
  Payload payload;
};

// New jobs that follow each other by sequence and by index in their batch, and are alike in all
// else but the payload: so they come, and most go before a commit takes them. As many records as
// jobs.
struct PutJobs {
  PutJobs() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): one job is a run of one
  PutJobs(PutJob one) : first(std::move(one)) {}

  PutJob first;
  std::vector<Payload> more;  // of those behind it

  [[nodiscard]] std::size_t count() const { return 1 + more.size(); }
  [[nodiscard]] const Payload& payload(std::size_t i) const {
    return i == 0 ? first.payload : more[i - 1];
  }
  [[nodiscard]] PutJob job(std::size_t i) const {
    PutJob put{first.id, first.due, first.header, payload(i)};
    put.id.sequence += i;
    if (put.header.result != wire::ResultMode::none) {
      put.header.origin.index += static_cast<std::uint32_t>(i);
    }
    return put;
  }
};

enum class Place : std::uint8_t { none = 0, ready = 1, later = 2, dead = 3 };

// A job has ended (or a person removed it): its record, payload and held row go.
struct RemoveJob {
  JobId id;
  Place place = Place::ready;
  WallTime due{};               // if place is later
  JournalSequence cancels = 0;  // number of the PutJob that this removal may cancel if that has not
                                // been taken for a commit yet; 0 = the job has other records
};

// Jobs that follow each other by sequence, and by the numbers of their puts if they cancel those.
// As many records as jobs.
struct RemoveJobs {
  // NOLINTNEXTLINE(google-explicit-constructor): one job is a run of one
  RemoveJobs(const RemoveJob& one) : first(one) {}

  RemoveJob first;
  std::uint32_t count = 1;

  [[nodiscard]] RemoveJob job(std::uint32_t i) const {
    RemoveJob removal = first;
    removal.id.sequence += i;
    if (removal.cancels != 0) removal.cancels += i;
    return removal;
  }
};

// ready → later (a retry, or a delay); header replaces the old one, entry joins the history.
struct MoveToLater {
  JobId id;
  WallTime due{};
  JobHeader header;
  Boxed<HistoryEntry> entry;  // empty event = none
};

// later → ready (due).
struct MoveToReady {
  JobId id;
  WallTime due{};  // the key it is found under
};

// ready or later → dead.
struct MoveToDead {
  JobId id;
  Place place = Place::ready;
  WallTime due{};
  JobHeader header;
  std::string reason;  // "failed", "rejected", "crash", "expired" …
  WallTime died_at{};
  Boxed<HistoryEntry> entry;
};

// dead → ready: failures and crashes start again at 0, the history stays and gains an entry.
struct Redrive {
  JobId id;
  JobHeader header;
  Boxed<HistoryEntry> entry;
};

// A ready job's header changes in place (a crash was counted).
struct UpdateJob {
  JobId id;
  JobHeader header;
  Boxed<HistoryEntry> entry;  // empty event = none
};

// The job is out: which token, where, since when. Guide workers have a lease that outlives a
// restart.
struct PutHeld {
  Token token;
  Uuid instance;  // zero for a Guide worker
  WallTime since{};
  WallTime lease_end{};  // zero = none
  std::uint32_t attempt = 0;
};
struct RemoveHeld {
  JobId id;
};

struct PutInstance {
  Uuid instance;
  std::string name;
  WallTime last_seen{};
};
struct RemoveInstance {
  Uuid instance;
};

// Consecutive jobs of one batch that have consecutive ids.
struct BatchRun {
  std::uint64_t batch = 0;
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  JobId first;
};

// Replaces the session's record: its last accepted batch, and the ids of the batches its client may
// still resend (those from its floor on). Not a numbered record: it goes with Totals into the
// commit that takes the session's jobs, once per commit however many batches came, because a record
// per SUBMIT would write all of a session's runs again each time.
struct PutSession {
  Uuid session;
  std::uint64_t last_batch = 0;
  WallTime last_seen{};
  std::vector<BatchRun> runs;
};
struct RemoveSession {
  Uuid session;
};

// A finished job's result, until its caller acknowledged it or `expires_at`.
struct PutResult {
  JobId id;
  wire::End end = wire::End::done;
  std::uint32_t attempts = 0;
  Origin origin;
  std::string worker;
  std::string reason;
  Payload bytes;
  WallTime expires_at{};
};
struct RemoveResult {
  JobId id;
  JournalSequence cancels = 0;  // number of its PutResult, as in RemoveJob
};

enum class Policy : std::uint8_t {
  weighted = 0,
  round_robin = 1,
  random = 2,
  least_loaded = 3,
  adaptive = 4
};

struct QueueSettings {
  std::string name;
  Policy policy = Policy::weighted;
  std::uint32_t weight = 1;     // its turn among queues
  std::uint64_t max_ready = 0;  // jobs waiting; more are refused with queue_full; 0 = no limit
  std::uint32_t max_held = 0;   // jobs out at once; 0 = no limit
  std::uint32_t attempts = 5;
  std::uint32_t crash_limit = 3;
  std::uint32_t backoff_ms = 1000;
  std::uint32_t backoff_max_ms = 300000;
  bool paused = false;
};

struct PutQueue {
  QueueNumber number = 0;
  QueueSettings settings;
};

// Sequences below `limit` may be used; written ahead of use, so that none is used twice.
struct ReserveSequences {
  Sequence limit = 0;
};

// Nearly all are puts and removals, and tens of thousands wait for a commit: what would make the
// others much larger is boxed.
using Record = std::variant<PutJobs, RemoveJobs, MoveToLater, MoveToReady, MoveToDead, Redrive,
                            UpdateJob, PutHeld, RemoveHeld, PutInstance, RemoveInstance,
                            RemoveSession, PutResult, RemoveResult, PutQueue, ReserveSequences>;

// How many numbers it takes.
inline JournalSequence count_of(const Record& record) {
  if (const auto* puts = std::get_if<PutJobs>(&record)) return puts->count();
  if (const auto* removals = std::get_if<RemoveJobs>(&record)) return removals->count;
  return 1;
}

// Jobs of a queue by state, and their payload bytes.
struct QueueCounts {
  std::uint64_t ready = 0;
  std::uint64_t held = 0;  // a restart counts these as ready until their workers claim them
  std::uint64_t later = 0;
  std::uint64_t dead = 0;
  std::uint64_t bytes = 0;
  auto operator<=>(const QueueCounts&) const = default;
};

// Since the journal was made. accepted = ready + later + held + done + dead letters + cancelled +
// expired + removed holds at every commit (dead letters are a state; a redrive moves one to ready).
struct Counters {
  std::uint64_t accepted = 0;    // jobs taken in
  std::uint64_t confirmed = 0;   // jobs whose producer was told they are safe, or is as it asks
  std::uint64_t duplicates = 0;  // jobs of resent batches, answered and not taken in again
  std::uint64_t done = 0;        // jobs that ended well
  std::uint64_t failed = 0;      // attempts that ended as failed
  std::uint64_t rejected = 0;    // attempts that ended as rejected
  std::uint64_t released = 0;    // attempts given back
  std::uint64_t retried = 0;     // retries scheduled
  std::uint64_t crashed = 0;     // attempts that ended with their worker's death
  std::uint64_t cancelled = 0;   // jobs ended by a person, a purge, or a Guide client that left
  std::uint64_t expired = 0;     // jobs not started in time
  std::uint64_t removed = 0;     // dead letters removed by a person
  std::uint64_t resumed = 0;     // attempts that went on after a router restart or reconnect
  std::uint64_t stale = 0;       // outcomes whose token was not current
  std::uint64_t malformed = 0;   // messages that were none
  auto operator<=>(const Counters&) const = default;
};

}  // namespace zcrew::core
