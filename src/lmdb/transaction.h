// LMDB's transactions and cursors as owners that cannot leak. A transaction that was not committed
// is aborted; cursors must die before their transaction ends.
//
// Views that a cursor or get() returns point into LMDB's pages: they die with the transaction, and
// in a write transaction with the next change.
#pragma once

#include <lmdb.h>

#include <optional>
#include <string_view>
#include <utility>

#include "lmdb/error.h"
#include "lmdb/inside.h"
#include "lmdb/large_value.h"

namespace zcrew::lmdb {

inline MDB_val to_value(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};  // LMDB only reads through it
}
inline std::string_view to_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

class Transaction {
 public:
  enum class Mode : unsigned { write = 0, read = MDB_RDONLY };

  Transaction(MDB_env* environment, Mode mode) {
    check("begin a transaction in the journal",
          mdb_txn_begin(environment, nullptr, static_cast<unsigned>(mode), &handle_));
  }
  ~Transaction() {
    if (handle_ != nullptr) mdb_txn_abort(handle_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // On disk when it returns. The handle is gone whatever happens.
  void commit() { check("commit to the journal", mdb_txn_commit(std::exchange(handle_, nullptr))); }

  [[nodiscard]] MDB_txn* get() const { return handle_; }

 private:
  const Inside inside_;
  MDB_txn* handle_ = nullptr;
};

inline std::optional<std::string_view> get(MDB_txn* transaction, MDB_dbi database,
                                           std::string_view key) {
  MDB_val wanted = to_value(key);
  MDB_val found{};
  const int code = mdb_get(transaction, database, &wanted, &found);
  if (code == MDB_NOTFOUND) return std::nullopt;
  check("read the journal", code);
  check_large_value(transaction, database, key, found);
  return to_view(found);
}

inline void put(MDB_txn* transaction, MDB_dbi database, std::string_view key,
                std::string_view record) {
  MDB_val where = to_value(key);
  MDB_val what = to_value(record);
  check("write to the journal", mdb_put(transaction, database, &where, &what, 0));
}

inline bool erase(MDB_txn* transaction, MDB_dbi database, std::string_view key) {
  MDB_val where = to_value(key);
  const int code = mdb_del(transaction, database, &where, nullptr);
  if (code == MDB_NOTFOUND) return false;
  check("write to the journal", code);
  return true;
}

class Cursor {
 public:
  Cursor(MDB_txn* transaction, MDB_dbi database) {
    check("open a cursor in the journal", mdb_cursor_open(transaction, database, &handle_));
  }
  ~Cursor() { mdb_cursor_close(handle_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  // Each moves the cursor and says whether there is a record; key() and value() are then its.
  bool first() { return move(MDB_FIRST, {}); }
  bool last() { return move(MDB_LAST, {}); }
  bool next() { return move(MDB_NEXT, {}); }
  bool previous() { return move(MDB_PREV, {}); }
  bool seek(std::string_view key) { return move(MDB_SET_KEY, key); }
  bool seek_from(std::string_view key) { return move(MDB_SET_RANGE, key); }

  [[nodiscard]] MDB_txn* transaction() const { return mdb_cursor_txn(handle_); }
  [[nodiscard]] std::size_t page_bytes() const {
    MDB_stat stat{};
    check("read the journal", mdb_stat(mdb_cursor_txn(handle_), mdb_cursor_dbi(handle_), &stat));
    return stat.ms_psize;
  }
  [[nodiscard]] std::string_view key() const { return to_view(key_); }
  [[nodiscard]] std::string_view value() const { return to_view(value_); }

  // Removes the record the cursor stands on.
  void erase() { check("write to the journal", mdb_cursor_del(handle_, 0)); }

  // Room for a record of `size` bytes, to be filled in before anything else is done in the
  // transaction; nullptr if MDB_NOOVERWRITE or MDB_APPEND forbid it because a record is there.
  char* reserve(std::string_view key, std::size_t size, unsigned flags) {
    MDB_val where = to_value(key);
    MDB_val what{size, nullptr};
    const int code = mdb_cursor_put(handle_, &where, &what, flags | MDB_RESERVE);
    if (code == MDB_KEYEXIST) return nullptr;
    check("write to the journal", code);
    return static_cast<char*>(what.mv_data);
  }

 private:
  bool move(MDB_cursor_op operation, std::string_view key) {
    key_ = to_value(key);
    const int code = mdb_cursor_get(handle_, &key_, &value_, operation);
    if (code == MDB_NOTFOUND) return false;
    check("read the journal", code);
    check_large_value(mdb_cursor_txn(handle_), mdb_cursor_dbi(handle_), to_view(key_), value_);
    return true;
  }

  MDB_cursor* handle_ = nullptr;
  MDB_val key_{};
  MDB_val value_{};
};

}  // namespace zcrew::lmdb
