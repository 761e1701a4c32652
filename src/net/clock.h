// The system's clocks, read nowhere else.
#pragma once

#include "base/time.h"

namespace zcrew::net {

Now read_clocks();
Instant read_monotonic();  // half the price

}  // namespace zcrew::net
