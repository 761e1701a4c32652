// Everything the core can want. A caller keeps one Effects, passes it to each step(), carries out
// what is in it and clears it. Views are valid until the next step() and as long as the event lives
// that caused them: carry effects out before you let go of the event.
//
// Order of duties for the shell: records first (to the pending batch), then reads, then sends.
// Sends to one peer keep their order within each kind of entry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/event.h"
#include "core/record.h"
#include "wire/messages.h"

namespace zcrew::core {

// Frames for a Paranoid Pirate peer.
struct ToGuideWorker {  // [envelope][empty][body]
  Token token;
  std::string_view body;
};
struct GuideBeat {
  wire::GuideSpelling spelling;
};
struct ToGuideClient {  // [empty][body]
  std::string_view body;
};

// The shell packs entries of one kind and peer into one message a turn (Confirm, JobResult,
// RunItem, TokenRun); the others are messages already. A welcome goes before the entries
// that follow it; a Bye or Error goes after those that precede it.
using Message =
    std::variant<wire::ClientWelcome, wire::WorkerWelcome, wire::Confirm, wire::JobResult,
                 wire::RunItem, wire::TokenRun, wire::Refused, wire::Error, wire::Capacity,
                 wire::Recall, wire::Heartbeat, wire::Bye, ToGuideWorker, GuideBeat, ToGuideClient>;

struct Send {
  // Made in place: moving a variant costs more than what most of these hold.
  template <typename T>
  Send(Peer to, Side at, T what) : peer(to), side(at), message(std::move(what)) {}

  Peer peer;
  Side side;
  Message message;
};

// ---- reads: each is answered by one event, in any order ----

struct ReadReady {  // → ReadyPage
  QueueNumber queue = 0;
  Priority priority = 0;
  Sequence after = 0;   // exclusive
  Sequence before = 0;  // exclusive
  std::uint32_t jobs_max = 0;
  std::size_t bytes_max = 0;
};
struct ReadLater {  // → LaterPage; from (after_due, after_id) exclusive, up to and with `until`
  WallTime after_due{};
  JobId after_id;
  WallTime until{};
  std::uint32_t jobs_max = 0;
};
struct LoadJobs {  // → JobsLoaded
  std::uint64_t request = 0;
  std::vector<JobId> jobs;
};
struct LoadPayload {  // → PayloadLoaded
  JobId id;
  Place place = Place::ready;
};
struct LoadResults {  // → ResultsLoaded
  std::uint64_t request = 0;
  std::vector<JobId> jobs;
};
using Read = std::variant<ReadReady, ReadLater, LoadJobs, LoadPayload, LoadResults>;

// ---- notes: what a log line, and the simulator's coverage, is made of ----

enum class NoteKind : std::uint8_t {
  client_joined,
  client_left,
  worker_joined,
  worker_resumed,
  worker_superseded,
  worker_suspect,
  worker_dead,
  worker_left,
  worker_draining,
  jobs_recalled,
  recovery_started,
  recovery_over,
  batch_refused,
  batch_duplicate,
  job_retried,
  job_dead,
  job_requeued,
  outcome_stale,
  session_dropped,
  queue_made,
  loop_stalled,
  journal_full,
  journal_has_room,
  guide_lease_over,
  guide_client_gone,
  command,
  malformed,
  count_
};

struct Note {
  NoteKind kind;
  std::string text;  // whole sentence for a person, e.g. "worker w1 is dead: silent for 3.0 s; …"
};

struct CommandReply {
  CommandRequest request;
  wire::ErrorCode code = wire::ErrorCode::none;
  std::uint64_t count = 0;  // workers, queues or jobs changed
  std::string text;         // the error's text
};

struct Effects {
  std::vector<Send> sends;
  std::vector<Record> records;
  std::vector<Read> reads;
  std::vector<Note> notes;
  std::vector<CommandReply> replies;

  void clear() {
    sends.clear();
    records.clear();
    reads.clear();
    notes.clear();
    replies.clear();
  }
};

}  // namespace zcrew::core
