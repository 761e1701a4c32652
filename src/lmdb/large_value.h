// Values of more than half a page have pages of their own, and the first one's header says how
// many. LMDB believes it: removing such a value with a damaged header would give back pages of
// others, or keep the process busy with a billion of them.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <string_view>

namespace zcrew::lmdb {

// LMDB 0.9's MDB_page: a header of 16 bytes, the number of pages in its last four.
constexpr std::uintptr_t page_header_bytes = 16;
constexpr std::uintptr_t page_bytes_min = 512;  // the smallest of its page sizes

// Throws Damaged if the header of the pages that hold `value` does not fit its size.
void check_pages_of(MDB_txn* transaction, MDB_dbi database, std::string_view key,
                    const MDB_val& value);

// To be asked of every value that is found. Only large ones begin right behind a page's header.
inline void check_large_value(MDB_txn* transaction, MDB_dbi database, std::string_view key,
                              const MDB_val& value) {
  const auto address = reinterpret_cast<std::uintptr_t>(value.mv_data);
  if (address % page_bytes_min == page_header_bytes)
    check_pages_of(transaction, database, key, value);
}

}  // namespace zcrew::lmdb
