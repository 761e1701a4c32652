#include "lmdb/large_value.h"

#include <cstdint>
#include <cstring>

#include "lmdb/error.h"

namespace zcrew::lmdb {

namespace {

// LMDB 0.9's MDB_page: a header of 16 bytes, the number of pages in its last four. The value comes
// right behind it, in the file as in a copy that a transaction changes.
constexpr std::size_t page_header_bytes = 16;

}  // namespace

void check_pages_of(MDB_txn* transaction, MDB_dbi database, std::string_view key,
                    const MDB_val& value) {
  MDB_stat stat{};
  check("read the journal", mdb_stat(transaction, database, &stat));
  const std::size_t page = stat.ms_psize;
  if (value.mv_size <= page / 2) return;  // in a page with others
  std::uint32_t pages = 0;
  std::memcpy(&pages, static_cast<const char*>(value.mv_data) - sizeof pages, sizeof pages);
  const std::size_t needed = (page_header_bytes + value.mv_size + page - 1) / page;
  if (pages != needed) damaged("pages", key, "the number of its pages is wrong");
}

}  // namespace zcrew::lmdb
