#include "lmdb/scan.h"

#include "journal/record_codec.h"

namespace zcrew::lmdb {

namespace {

constexpr std::string_view out_of_order = "it is out of order";

void verify(const Cursor& cursor, std::string_view name) {
  if (const auto fault = journal::verify(cursor.key(), cursor.value()))
    damaged(name, cursor.key(), *fault);
}

// Moves to the first record from `key` on; it and the one before it are what they say by
// `verify_one`, and are on the right sides.
template <typename Verify>
bool seek_between(Cursor& cursor, std::string_view name, std::string_view key, Verify verify_one) {
  bool there = cursor.seek_from(key);
  if (there) {
    verify_one();
    if (cursor.key() < key) damaged(name, cursor.key(), out_of_order);
  }
  if (!(there ? cursor.previous() : cursor.last())) return there && cursor.first();
  verify_one();
  if (cursor.key() >= key) damaged(name, cursor.key(), out_of_order);
  return there && cursor.next();
}

void verify_absent(bool there, const Cursor& cursor, std::string_view name, std::string_view key) {
  if (there && cursor.key() == key)
    damaged(name, key, out_of_order);  // there, though a search had missed it
}

}  // namespace

Scan::Scan(MDB_txn* transaction, MDB_dbi database, std::string_view name)
    : cursor_(transaction, database), name_(name), path_(cursor_, name), there_(cursor_.first()) {
  if (there_) verify_here();
}

Scan::Scan(MDB_txn* transaction, MDB_dbi database, std::string_view name, std::string_view after)
    : cursor_(transaction, database),
      name_(name),
      path_(cursor_, name),
      there_(seek_between(cursor_, name, after, [this] { verify_here(); })) {
  if (there_ && cursor_.key() == after) next();
}

void Scan::verify_here() {
  verify(cursor_, name_);
  path_.verify(cursor_);
}

void Scan::next() {
  const std::string_view before = cursor_.key();
  there_ = cursor_.next();
  if (!there_) return;
  verify_here();
  if (cursor_.key() <= before) damaged(name_, cursor_.key(), out_of_order);
}

void prove_absent(Cursor& cursor, std::string_view name, std::string_view key) {
  const bool there = seek_between(cursor, name, key, [&] { verify(cursor, name); });
  verify_absent(there, cursor, name, key);
}

std::optional<std::string_view> find(MDB_txn* transaction, MDB_dbi database, std::string_view name,
                                     std::string_view key) {
  const auto record = get(transaction, database, key);
  if (!record) {
    Cursor cursor(transaction, database);
    PagePath path(cursor, name);
    const bool there = seek_between(cursor, name, key, [&] {
      verify(cursor, name);
      path.verify(cursor);
    });
    verify_absent(there, cursor, name, key);
  }
  return record;
}

}  // namespace zcrew::lmdb
