#include "lmdb/large_value.h"

#include <cstring>

#include "lmdb/error.h"

namespace zcrew::lmdb {

void check_pages_of(MDB_txn* transaction, MDB_dbi database, std::string_view key,
                    const MDB_val& value) {
  MDB_stat stat{};
  check("read the journal", mdb_stat(transaction, database, &stat));
  const auto address = reinterpret_cast<std::uintptr_t>(value.mv_data);
  if (address % stat.ms_psize != page_header_bytes)
    return;  // a small value that happens to be there
  std::uint32_t pages = 0;
  std::memcpy(&pages, static_cast<const char*>(value.mv_data) - sizeof pages, sizeof pages);
  const std::uint64_t needed =
      (page_header_bytes + value.mv_size + stat.ms_psize - 1) / stat.ms_psize;
  if (pages != needed) damaged("pages", key, "the number of its pages is wrong");
}

}  // namespace zcrew::lmdb
