// Counts what this test program asks the allocator for. Links a replacement of operator new.
#pragma once

#include <cstddef>

namespace zcrew {

std::size_t allocated_bytes();  // since the program began

}  // namespace zcrew
