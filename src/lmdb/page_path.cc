#include "lmdb/page_path.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "lmdb/page_layout.h"

namespace zcrew::lmdb {
namespace {

constexpr std::size_t page_number = 0;  // its place in a page

// The unnamed database has a row for each table, with the number of its root page.
std::uint64_t root_of(MDB_txn* transaction, std::string_view name) {
  MDB_dbi unnamed = 0;
  check("read the journal", mdb_dbi_open(transaction, nullptr, 0, &unnamed));
  MDB_val key = to_value(name);
  MDB_val row{};
  check("read the journal", mdb_get(transaction, unnamed, &key, &row));
  return row.mv_size == tree_bytes ? tree_at(to_view(row), 0).root : no_page;
}

}  // namespace

PagePath::PagePath(const Cursor& cursor, std::string_view name)
    : transaction_(cursor.transaction()), name_(name), page_bytes_(cursor.page_bytes()) {}

// A key lies in its page, and the map begins where a page does: of the system, and so of the file,
// unless that has larger ones because it was made elsewhere.
void PagePath::verify(const Cursor& cursor) {
  static const auto system_page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (page_bytes_ > system_page) return;
  const char* key = cursor.key().data();
  const char* leaf = key - reinterpret_cast<std::uintptr_t>(key) % page_bytes_;
  if (std::exchange(leaf_, leaf) == leaf) return;
  const auto wrong = walk_nodes({leaf, page_bytes_}, true, [](const Node&) {});
  if (!wrong.empty()) blame(cursor.key(), wrong);
  descend(cursor.key(), leaf);
}

void PagePath::descend(std::string_view key, const char* leaf) {
  const char* const map =
      leaf - number_at<std::uint64_t>({leaf, page_bytes_}, page_number) * page_bytes_;
  std::uint64_t number = root_of(transaction_, name_);
  for (unsigned depth = 0; depth < depth_max; ++depth) {
    const char* const at = map + number * page_bytes_;
    if (at == leaf) return;
    const std::string_view page{at, page_bytes_};
    if (number_at<std::uint64_t>(page, page_number) != number ||
        (number_at<std::uint16_t>(page, page_flags) & branch_page) == 0) {
      blame(key, "a search for it does not lead there");
    }
    number = no_page;  // the child of the last node that is not behind the key; the first has none
    const auto wrong = walk_nodes(page, false, [&](const Node& node) {
      if (number == no_page || node.key <= key) number = node.child;
    });
    if (!wrong.empty()) blame(key, wrong);
    if (number == no_page) break;
  }
  blame(key, "a search for it does not end");
}

void PagePath::blame(std::string_view key, std::string_view what) const {
  damaged(name_, key, "its page, or one that leads to it: " + std::string(what));
}

}  // namespace zcrew::lmdb
