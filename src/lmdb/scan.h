// Searches and walks that a damaged key cannot lead astray unnoticed. LMDB trusts the keys in its
// pages: one flipped bit there sends a search to the wrong side, and a record seems to be missing
// or a range to have ended. A key is part of its record's checksum (J-3.1), and a search that went
// astray ends beside the key that misled it. So both neighbours of every gap are verified, and what
// is walked must be in order.
//
// Nor does a key say that a row behind it is missing from its page's list, so that no search sees
// it, or a whole page from its branch's: the pages of both neighbours, and all that are walked, and
// those that lead to them must be full as LMDB fills them (page_path.h).
//
// All throw Damaged for what does not verify. But for prove_absent(), their transaction must not
// have changed anything yet: its pages are those of the file.
#pragma once

#include <lmdb.h>

#include <optional>
#include <string_view>

#include "lmdb/page_path.h"
#include "lmdb/transaction.h"

namespace zcrew::lmdb {

// The records of a table behind a key, in order.
class Scan {
 public:
  Scan(MDB_txn* transaction, MDB_dbi database, std::string_view name);  // all of them
  Scan(MDB_txn* transaction, MDB_dbi database, std::string_view name, std::string_view after);

  // Whether it stands on a record; key() and value() are then its, verified.
  [[nodiscard]] bool there() const { return there_; }
  void next();
  [[nodiscard]] std::string_view key() const { return cursor_.key(); }
  [[nodiscard]] std::string_view value() const { return cursor_.value(); }

 private:
  void verify_here();

  Cursor cursor_;
  std::string_view name_;
  PagePath path_;
  bool there_ = false;
};

// Damaged unless the keys around `key` agree that it is not there. Moves the cursor.
void prove_absent(Cursor& cursor, std::string_view name, std::string_view key);

// get(), and what is not found is proved absent.
std::optional<std::string_view> find(MDB_txn* transaction, MDB_dbi database, std::string_view name,
                                     std::string_view key);

}  // namespace zcrew::lmdb
