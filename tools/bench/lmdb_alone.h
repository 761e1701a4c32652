// The limit of the journal: LMDB itself, with the router's flags and records of the router's size,
// and of the disk under it.
#pragma once

#include <cstdint>
#include <string>

#include "bench/histogram.h"
#include "bench/plan.h"

namespace zcrew::tool::bench {

struct LmdbAlone {
  double put_per_s = 0;               // new records, in key order
  double put_delete_per_s = 0;        // pairs: a new record, and the oldest one goes
  double delete_per_s = 0;            // records, in key order
  double sequential_bytes_per_s = 0;  // written to a file and synced, as many at once
};

// `records` a commit, over a backlog of at least ten commits. `commit` gets the times of commits of
// one record, `sync` those of fdatasync after 4 KiB. Works in a new directory below `directory`.
LmdbAlone lmdb_alone(const Plan& plan, const std::string& directory, std::uint64_t records,
                     Histogram& commit, Histogram& sync);

}  // namespace zcrew::tool::bench
