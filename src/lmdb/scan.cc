#include "lmdb/scan.h"

#include "journal/record_codec.h"

namespace zcrew::lmdb {

namespace {

constexpr std::string_view out_of_order = "it is out of order";

void verify(const Cursor& cursor, std::string_view name) {
  if (const auto fault = journal::verify(cursor.key(), cursor.value()))
    damaged(name, cursor.key(), *fault);
}

// Moves to the first record from `key` on; it and the one before it are what they say, and are on
// the right sides.
bool seek_between(Cursor& cursor, std::string_view name, std::string_view key) {
  bool there = cursor.seek_from(key);
  if (there) {
    verify(cursor, name);
    if (cursor.key() < key) damaged(name, cursor.key(), out_of_order);
  }
  if (!(there ? cursor.previous() : cursor.last())) return there && cursor.first();
  verify(cursor, name);
  if (cursor.key() >= key) damaged(name, cursor.key(), out_of_order);
  return there && cursor.next();
}

}  // namespace

Scan::Scan(MDB_txn* transaction, MDB_dbi database, std::string_view name)
    : cursor_(transaction, database), name_(name), there_(cursor_.first()) {
  if (there_) verify(cursor_, name_);
}

Scan::Scan(MDB_txn* transaction, MDB_dbi database, std::string_view name, std::string_view after)
    : cursor_(transaction, database), name_(name), there_(seek_between(cursor_, name, after)) {
  if (there_ && cursor_.key() == after) next();
}

void Scan::next() {
  const std::string_view before = cursor_.key();
  there_ = cursor_.next();
  if (!there_) return;
  verify(cursor_, name_);
  if (cursor_.key() <= before) damaged(name_, cursor_.key(), out_of_order);
}

void prove_absent(Cursor& cursor, std::string_view name, std::string_view key) {
  if (seek_between(cursor, name, key) && cursor.key() == key)
    damaged(name, key, out_of_order);  // there, though a search had missed it
}

std::optional<std::string_view> find(MDB_txn* transaction, MDB_dbi database, std::string_view name,
                                     std::string_view key) {
  const auto record = get(transaction, database, key);
  if (!record) {
    Cursor cursor(transaction, database);
    prove_absent(cursor, name, key);
  }
  return record;
}

}  // namespace zcrew::lmdb
