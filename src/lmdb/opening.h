// The steps of opening a journal (journal.md section 7), shared by the router's journal and the
// offline check.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/recovered.h"
#include "lmdb/databases.h"
#include "lmdb/directory.h"
#include "lmdb/environment.h"

namespace zcrew::lmdb {

struct OpenedFile {
  std::unique_ptr<Directory> directory;  // outlives the environment: the lock goes last
  std::unique_ptr<Environment> environment;
};

// Locks the directory and opens its file without changing it. Throws OpenError.
OpenedFile open_file(const std::string& path, bool make);

// The format of a journal of ours; nothing if it is empty and may become one; else OpenError.
std::optional<std::uint32_t> format_of(const Directory& directory, MDB_txn* transaction);

// The counters and the epoch after the last one; changes nothing.
core::Recovered recover_meta(MDB_txn* transaction, const Databases& databases);
// The small tables, of a transaction that has changed nothing.
void recover_tables(MDB_txn* transaction, const Databases& databases, core::Recovered& out);

}  // namespace zcrew::lmdb
