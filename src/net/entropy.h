// Random bytes of the system, read nowhere else.
#pragma once

#include <cstdint>

#include "base/ids.h"

namespace zcrew::net {

Uuid random_uuid();
std::uint64_t random_seed();

}  // namespace zcrew::net
