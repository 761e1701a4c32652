#include "lmdb/page_path.h"

#include <unistd.h>

#include <string>
#include <utility>

namespace zcrew::lmdb {
namespace {

constexpr std::size_t page_number = 0;  // its place in a page

// A page of the system is no larger than one of the file, unless that was made elsewhere.
bool pages_align(std::size_t page_bytes) {
  static const auto system_page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return page_bytes <= system_page;
}

}  // namespace

PagePath::PagePath(const Cursor& cursor, std::string_view name)
    : transaction_(cursor.transaction()), name_(name), page_bytes_(cursor.page_bytes()) {
  if (pages_align(page_bytes_)) find_root();
}

// The unnamed database has a row for each table, with the number of its root page.
void PagePath::find_root() {
  MDB_dbi unnamed = 0;
  check("read the journal", mdb_dbi_open(transaction_, nullptr, 0, &unnamed));
  MDB_val key = to_value(name_);
  MDB_val row{};
  check("read the journal", mdb_get(transaction_, unnamed, &key, &row));
  if (row.mv_size != tree_bytes) damaged("the list of tables", name_, "it is no table's row");
  root_ = tree_at(to_view(row), 0).root;
  const std::string_view page{page_of(row.mv_data), page_bytes_};
  const auto wrong = walk_nodes(page, true, [](const Node&) {});
  if (!wrong.empty()) damaged("the list of tables", name_, "its page: " + std::string(wrong));
}

// The map begins where a page does.
const char* PagePath::page_of(const void* bytes) const {
  return static_cast<const char*>(bytes) - reinterpret_cast<std::uintptr_t>(bytes) % page_bytes_;
}

void PagePath::verify(const Cursor& cursor) {
  if (!pages_align(page_bytes_)) return;
  const char* leaf = page_of(cursor.key().data());
  if (std::exchange(leaf_, leaf) == leaf) return;
  const auto wrong = walk_nodes({leaf, page_bytes_}, true, [](const Node&) {});
  if (!wrong.empty()) blame(cursor.key(), wrong);
  descend(cursor.key(), leaf);
}

void PagePath::descend(std::string_view key, const char* leaf) {
  const char* const map =
      leaf - number_at<std::uint64_t>({leaf, page_bytes_}, page_number) * page_bytes_;
  std::uint64_t number = root_;
  for (unsigned depth = 0; depth < depth_max; ++depth) {
    const char* const at = map + number * page_bytes_;
    if (at == leaf) return;
    if (depth == path_.size()) path_.push_back(nullptr);
    const std::string_view branch{at, page_bytes_};
    if (path_[depth] != at) verify_branch(branch, number, key);
    path_[depth] = at;
    number = next_page(branch, key);
  }
  blame(key, "a search for it does not end");
}

void PagePath::verify_branch(std::string_view branch, std::uint64_t number,
                             std::string_view key) const {
  if (number_at<std::uint64_t>(branch, page_number) != number ||
      (number_at<std::uint16_t>(branch, page_flags) & branch_page) == 0) {
    blame(key, "a search for it does not lead there");
  }
  const auto wrong = walk_nodes(branch, false, [](const Node&) {});
  if (!wrong.empty()) blame(key, wrong);
  if (nodes_of(branch) == 0) blame(key, "a search for it does not end");
}

// The child of the last node that is not behind the key; the first node has none.
std::uint64_t PagePath::next_page(std::string_view branch, std::string_view key) {
  std::size_t last = 0;
  for (std::size_t behind = nodes_of(branch); behind - last > 1;) {
    const std::size_t middle = last + (behind - last) / 2;
    (key < key_at(branch, middle) ? behind : last) = middle;
  }
  return child_at(branch, last);
}

void PagePath::blame(std::string_view key, std::string_view what) const {
  damaged(name_, key, "its page, or one that leads to it: " + std::string(what));
}

}  // namespace zcrew::lmdb
