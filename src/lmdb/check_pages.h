// Verifies the pages of an LMDB file as such: that the trees hold together, and that every page is
// either in one of them or free, and no page both. Reads the file itself, not the map, so that no
// damage can lead it anywhere.
#pragma once

#include <cstdint>

#include "lmdb/check.h"
#include "lmdb/environment.h"

namespace zcrew::lmdb {

// Stops after `pages_max` pages.
void check_pages(const Environment& environment, CheckReport& report,
                 std::uint64_t pages_max = UINT64_MAX);

}  // namespace zcrew::lmdb
