// Values of nearly half a page and more have pages of their own, and the first one's header says
// how many. LMDB believes it: removing such a value with a damaged header would give back pages of
// others, or keep the process busy with a billion of them.
#pragma once

#include <lmdb.h>

#include <cstddef>
#include <string_view>

namespace zcrew::lmdb {

// Smaller ones are in a page with others whatever their key (at most 511 bytes), if it has 4 KiB.
constexpr std::size_t large_value_bytes = 1500;

// Throws Damaged if the header of the pages that hold `value` does not fit its size.
void check_pages_of(MDB_txn* transaction, MDB_dbi database, std::string_view key,
                    const MDB_val& value);

// To be asked of every value that is found.
inline void check_large_value(MDB_txn* transaction, MDB_dbi database, std::string_view key,
                              const MDB_val& value) {
  if (value.mv_size > large_value_bytes) check_pages_of(transaction, database, key, value);
}

}  // namespace zcrew::lmdb
