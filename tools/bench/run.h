// Carries out a plan: makes the processes, lets them go, looks after them, and takes the sums.
#pragma once

#include <functional>
#include <string>

#include "bench/plan.h"
#include "bench/result.h"

namespace zcrew::tool::bench {

// Called some times a second: how far it is (0 to 1), and what to say. Returns false to end it.
using Watch = std::function<bool(double share, const std::string& text)>;

// Throws Error: 69 or 74 if a process fails, 124 if nothing moves any more, 130 by `watch`. The
// calling process must have one thread.
Result run(const Plan& plan, const Watch& watch);

}  // namespace zcrew::tool::bench
