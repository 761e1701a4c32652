// The pages through which LMDB finds a record, from its table's root to its leaf. No checksum
// covers them; but LMDB fills a page without a gap, so that a list which names a row or a page too
// few shows: nothing else would miss what stands behind it.
//
// All throw Damaged for what is not so. The transaction must not have changed anything yet: its
// pages are those of the file.
#pragma once

#include <lmdb.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "lmdb/page_layout.h"
#include "lmdb/transaction.h"

namespace zcrew::lmdb {

class PagePath {
 public:
  // Finds the root, in a page that must be full too: a row that is no more may still lie there.
  PagePath(const Cursor& cursor, std::string_view name);

  // To the record that the cursor stands on; nothing is done if the last call was for one beside it
  // in the same leaf.
  void verify(const Cursor& cursor);

 private:
  void find_root();
  void descend(std::string_view key, const char* leaf);
  [[nodiscard]] static std::uint64_t next_page(std::string_view branch, std::string_view key);
  void verify_branch(std::string_view branch, std::uint64_t number, std::string_view key) const;
  [[nodiscard]] const char* page_of(const void* bytes) const;
  [[noreturn]] void blame(std::string_view key, std::string_view what) const;

  MDB_txn* transaction_;
  std::string_view name_;
  std::size_t page_bytes_;
  std::uint64_t root_ = 0;
  const char* leaf_ = nullptr;     // of the last call
  std::vector<const char*> path_;  // the branch pages from the root to it, each found whole: the
                                   // pages of a snapshot do not change
};

}  // namespace zcrew::lmdb
