// What a journal knows when it is opened: the small tables, never the backlog. Pure data.
#pragma once

#include <vector>

#include "core/record.h"

namespace zcrew::core {

struct RecoveredQueue {
  QueueNumber number = 0;
  QueueSettings settings;
  QueueCounts counts;
};

struct Recovered {
  Epoch epoch = 1;              // this start's, already durable and higher than any before
  Sequence sequence_limit = 1;  // sequences below it may have been used; start here
  Counters counters;
  std::vector<RecoveredQueue> queues;  // by number
  std::vector<PutInstance> instances;  // by uuid
  std::vector<PutHeld> held;           // by job id
  std::vector<PutSession> sessions;    // by uuid
  std::vector<JobId> results;          // ids with a stored result (for expiry), by id
};

// How busy the router is.
struct Load {
  std::uint64_t live = 0;   // jobs that are ready or held
  std::uint64_t ended = 0;  // jobs done since the journal was made
  bool awaited = false;     // a read waits until all that was recorded is durable
};

// What goes into every commit beside its records, as of the moment the batch is closed or taken.
struct Totals {
  Counters counters;
  std::vector<std::pair<QueueNumber, QueueCounts>> changed;  // queues that changed since the last
  std::vector<PutSession> sessions;  // sessions that changed since the last, by uuid
};

}  // namespace zcrew::core
