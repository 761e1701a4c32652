// Opens a journal's LMDB file behind the journal's back, to look and to do damage.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "journal/layout.h"
#include "lmdb/databases.h"
#include "lmdb/environment.h"
#include "lmdb/transaction.h"

namespace zcrew::test {

class RawFile {
 public:
  explicit RawFile(const std::string& directory) {
    lmdb::check("open", lmdb::Environment::open(directory, environment_));
  }

  // Calls act(transaction) and commits.
  template <typename Act>
  void change(Act act) {
    lmdb::Transaction transaction(environment_.get(), lmdb::Transaction::Mode::write);
    act(transaction.get());
    transaction.commit();
  }

  static MDB_dbi database(MDB_txn* transaction, std::string_view name, unsigned flags = 0) {
    MDB_dbi handle = 0;
    lmdb::check("open", mdb_dbi_open(transaction, std::string(name).c_str(), flags, &handle));
    return handle;
  }

  // Replaces the record `change` is given and returns another for; the key stays.
  template <typename Change>
  void rewrite(std::string_view name, std::string_view key, Change change_record) {
    change([&](MDB_txn* transaction) {
      const MDB_dbi handle = database(transaction, name);
      const std::string record(lmdb::get(transaction, handle, key).value());
      lmdb::put(transaction, handle, key, change_record(record));
    });
  }

  void erase(std::string_view name, std::string_view key) {
    change(
        [&](MDB_txn* transaction) { lmdb::erase(transaction, database(transaction, name), key); });
  }

  [[nodiscard]] const lmdb::Environment& environment() const { return environment_; }

 private:
  lmdb::Environment environment_;
};

constexpr std::size_t page_bytes = 4096;

inline std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string flipped(std::string record, std::size_t bit) {
  record[bit / 8] = static_cast<char>(record[bit / 8] ^ (1 << (bit % 8)));
  return record;
}

}  // namespace zcrew::test
