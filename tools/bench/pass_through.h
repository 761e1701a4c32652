// The limit of the transport: the same payloads in the same shape through a ROUTER that does
// nothing but pass them on, in memory, without checks, confirms of its own, or a journal.
#pragma once

#include "bench/board.h"
#include "bench/plan.h"

namespace zcrew::tool::bench {

struct PassThrough {
  double jobs_per_s = 0;
  double router_cpu_s_per_million = 0;
};

// Times from the intended sending to the worker go to board.end_to_end, times until its answer is
// back to board.confirm. Makes processes; throws Error if they do not get on.
PassThrough pass_through(Board& board, const Plan& plan);

}  // namespace zcrew::tool::bench
