// A job in memory: one that waits in a window, is out at a worker, or is on its way between. The
// rest of the backlog is on disk only. States are written by JobBook alone. Pure data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ids.h"
#include "base/payload.h"
#include "base/time.h"
#include "core/record.h"

namespace zcrew::core {

struct Worker;

enum class JobState : std::uint8_t {
  free,   // not a job: waits in the pool
  ready,  // in its lane's window
  held,   // a worker has it, or had it before the restart (then worker is null)
  later,  // in the window of delayed jobs
};

// Which client hears of this job: a slot in the table of sessions, valid while generations match.
struct SessionRef {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // 0 = nobody
};

struct Job {
  JobId id;
  JobState state = JobState::free;
  JobHeader header;
  Payload payload;
  std::uint64_t payload_bytes = 0;
  bool payload_here = false;  // else it is read at hand-out

  JournalSequence put = 0;          // number of its PutJob in this process; 0 = none
  JournalSequence last_record = 0;  // number of its newest record; 0 = none in this process
  WallTime due{};                   // while later

  // Its producer, until it is confirmed.
  SessionRef session;
  std::uint64_t batch = 0;
  std::uint32_t index = 0;

  // A job of a Guide client: in memory only, answered to this peer.
  bool in_memory_only = false;
  Peer guide_client{};

  // While held.
  Worker* worker = nullptr;
  Job* previous = nullptr;  // in the worker's list, in order of hand-out
  Job* next = nullptr;
  Token token;
  Instant handed_out{};  // attended time; for round trips
  WallTime held_since{};
  bool held_row = false;     // has a row in `held`
  bool waits_to_go = false;  // RUN is not sent yet: its payload or its held row is on the way
  bool row_pending = false;  // that row is not on disk yet
  bool recalled = false;     // its worker was asked to give it back if it has not begun
};

// What a waiting job costs in memory beside its payload. 64: map node, free slot.
inline constexpr std::size_t job_memory = sizeof(Job) + 64;

// And with it; the windows share Config::ready_bytes in this coin.
inline std::size_t memory_cost(const Job& job) {
  return job_memory + (job.payload_here ? job.payload_bytes : 0);
}

}  // namespace zcrew::core
