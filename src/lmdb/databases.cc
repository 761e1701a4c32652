#include "lmdb/databases.h"

#include <array>
#include <string>

#include "journal/layout.h"
#include "journal/row_codec.h"
#include "lmdb/transaction.h"

namespace zcrew::lmdb {

namespace layout = journal::layout;

namespace {

struct Named {
  std::string_view name;
  MDB_dbi Databases::*handle;
};

constexpr std::array named{
    Named{layout::db::meta, &Databases::meta},
    Named{layout::db::queues, &Databases::queues},
    Named{layout::db::counts, &Databases::counts},
    Named{layout::db::ready, &Databases::ready},
    Named{layout::db::bundles, &Databases::bundles},
    Named{layout::db::blobs, &Databases::blobs},
    Named{layout::db::later, &Databases::later},
    Named{layout::db::where, &Databases::where},
    Named{layout::db::dead, &Databases::dead},
    Named{layout::db::held, &Databases::held},
    Named{layout::db::instances, &Databases::instances},
    Named{layout::db::results, &Databases::results},
    Named{layout::db::results_by_expiry, &Databases::results_by_expiry},
    Named{layout::db::sessions, &Databases::sessions},
    Named{layout::db::keys, &Databases::keys},
    Named{layout::db::keys_by_expiry, &Databases::keys_by_expiry},
};
static_assert(named.size() == layout::db::all.size());

// What format 2 added.
bool is_of_format_1(const Named& database) { return database.name != layout::db::bundles; }

Databases open_all(MDB_txn* transaction, std::uint32_t format, unsigned flags) {
  Databases databases;
  for (const Named& database : named) {
    if (format < 2 && !is_of_format_1(database)) continue;
    const std::string name(database.name);
    const int code = mdb_dbi_open(transaction, name.c_str(), flags, &(databases.*database.handle));
    if (code == MDB_NOTFOUND) throw journal::Damaged("it has no database `" + name + "`");
    check("open the journal's databases", code);
  }
  return databases;
}

}  // namespace

Identity identify(MDB_txn* transaction, std::uint32_t& format) {
  MDB_dbi main = 0;
  check("open the journal's databases", mdb_dbi_open(transaction, nullptr, 0, &main));
  MDB_stat stat{};
  check("open the journal's databases", mdb_stat(transaction, main, &stat));
  if (stat.ms_entries == 0) return Identity::empty;

  MDB_dbi meta = 0;
  const std::string name(layout::db::meta);
  const int code = mdb_dbi_open(transaction, name.c_str(), 0, &meta);
  if (code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE) return Identity::foreign;
  check("open the journal's databases", code);
  const auto row = get(transaction, meta, layout::format_row);
  if (!row) return Identity::foreign;
  const auto found = journal::read_format(*row);
  if (!found) return Identity::damaged;
  format = *found;
  return format > layout::format_version ? Identity::newer : Identity::journal;
}

Databases make_databases(MDB_txn* transaction) {
  const Databases databases = open_all(transaction, layout::format_version, MDB_CREATE);
  put(transaction, databases.meta, layout::format_row,
      journal::write_format(layout::format_version));
  put(transaction, databases.meta, layout::epoch_row, journal::write_epoch(0));
  put(transaction, databases.meta, layout::sequences_row, journal::write_sequences(1));
  put(transaction, databases.meta, layout::commit_row, journal::write_commit({}));
  return databases;
}

Databases open_databases(MDB_txn* transaction, std::uint32_t format) {
  return open_all(transaction, format, 0);
}

Databases convert(MDB_txn* transaction, const Databases& databases) {
  put(transaction, databases.meta, layout::format_row,
      journal::write_format(layout::format_version));
  return open_all(transaction, layout::format_version, MDB_CREATE);
}

}  // namespace zcrew::lmdb
