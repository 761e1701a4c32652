#include "lmdb/large_value.h"

#include <cstdint>
#include <cstring>

#include "lmdb/error.h"
#include "lmdb/page_layout.h"

namespace zcrew::lmdb {

namespace {

// Whether the record has pages of its own: LMDB wants two of them, with their places in its list,
// in one page (MDB_MINKEYS, me_nodemax).
bool has_own_pages(std::size_t page, std::size_t key, std::size_t value) {
  const std::size_t room = (page - page_header) / 2;
  const std::size_t node_max = room - room % 2 - sizeof(std::uint16_t);
  return node_header + key + value > node_max;
}

}  // namespace

void check_pages_of(MDB_txn* transaction, MDB_dbi database, std::string_view key,
                    const MDB_val& value) {
  MDB_stat stat{};
  check("read the journal", mdb_stat(transaction, database, &stat));
  const std::size_t page = stat.ms_psize;
  if (!has_own_pages(page, key.size(), value.mv_size)) return;
  // The number of pages is the last of the header, and the value comes right behind it, in the file
  // as in a copy that a transaction changes.
  std::uint32_t pages = 0;
  std::memcpy(&pages, static_cast<const char*>(value.mv_data) - sizeof pages, sizeof pages);
  const std::size_t needed = (page_header + value.mv_size + page - 1) / page;
  if (pages != needed) damaged("pages", key, "the number of its pages is wrong");
}

}  // namespace zcrew::lmdb
