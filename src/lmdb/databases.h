// Handles of the journal's databases (docs/journal.md section 2).
#pragma once

#include <lmdb.h>

#include <cstdint>

#include "core/record.h"

namespace zcrew::lmdb {

struct Databases {
  MDB_dbi meta = 0;
  MDB_dbi queues = 0;
  MDB_dbi counts = 0;
  MDB_dbi ready = 0;
  MDB_dbi bundles = 0;  // stays 0, which is none of ours, where a check reads a journal of format 1
  MDB_dbi blobs = 0;
  MDB_dbi later = 0;
  MDB_dbi where = 0;
  MDB_dbi dead = 0;
  MDB_dbi held = 0;
  MDB_dbi instances = 0;
  MDB_dbi results = 0;
  MDB_dbi results_by_expiry = 0;
  MDB_dbi sessions = 0;
  MDB_dbi keys = 0;
  MDB_dbi keys_by_expiry = 0;
};

// What an LMDB environment turns out to be.
enum class Identity : std::uint8_t { empty, journal, newer, damaged, foreign };

// Reads only. `journal` and `newer` fill in its format.
Identity identify(MDB_txn* transaction, std::uint32_t& format);

// Makes all databases and their first rows.
Databases make_databases(MDB_txn* transaction);

// Opens what a journal of this format has; Damaged if one is missing.
Databases open_databases(MDB_txn* transaction, std::uint32_t format);

// Makes a journal of an older format one of ours: adds what it lacks.
Databases convert(MDB_txn* transaction, const Databases& databases);

}  // namespace zcrew::lmdb
