// Payloads and results that do not fit into their record: chunks in `blobs`, each with its own
// envelope (journal.md sections 2 and 3).
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "journal/layout.h"
#include "lmdb/transaction.h"

namespace zcrew::lmdb {

void write_blob(Cursor& blobs, const JobId& id, journal::layout::Part part, std::string_view bytes);

// Both know from the record how many bytes there must be; Damaged if a chunk is missing or wrong.
void erase_blob(Cursor& blobs, const JobId& id, journal::layout::Part part, std::uint64_t bytes);
std::string read_blob(Cursor& blobs, const JobId& id, journal::layout::Part part,
                      std::uint64_t bytes);

}  // namespace zcrew::lmdb
