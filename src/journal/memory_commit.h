// How a batch changes a MemoryState: all of it, or a JournalError and nothing. Pure.
#pragma once

#include "journal/memory_journal.h"

namespace zcrew::journal {

void apply(MemoryState& state, const Batch& batch);

}  // namespace zcrew::journal
