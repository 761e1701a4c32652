// Counts what this test program asks the allocator for. Links a replacement of operator new; counts
// nothing under sanitizers, which have theirs.
#pragma once

#include <cstddef>

namespace zcrew {

std::size_t allocated_bytes();  // since the program began

}  // namespace zcrew
