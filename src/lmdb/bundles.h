// The table `bundles` in a write transaction. Jobs leave bundles in the order of ids as a rule: the
// bundle that one is found in is kept in memory until one of another is asked for, and written or
// removed once, without all that left it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/bundle_codec.h"
#include "journal/keys.h"
#include "lmdb/page_layout.h"
#include "lmdb/transaction.h"

namespace zcrew::lmdb {

// What a job takes more when it leaves its bundle and is written by itself, with its key and LMDB's
// node and place in its page's list.
constexpr std::uint64_t alone_bytes =
    journal::layout::envelope_bytes + journal::layout::job_fixed_bytes +
    journal::layout::job_origin_bytes + journal::layout::job_id_bytes + node_header +
    sizeof(std::uint16_t) - journal::layout::bundle_entry_bytes;

// What is remembered from one batch to the next.
struct BundlesMemory {
  std::uint64_t jobs = 0;  // in all bundles
  JobId end;  // no key is above this, so that a larger one is appended without a search
  std::string record;
  journal::Bundle bundle;  // of that record
};

class Bundles {
 public:
  Bundles(MDB_txn* transaction, MDB_dbi database, BundlesMemory& memory);

  // The job, if it is in a bundle; its views are good until the next call. Damaged if the bundle
  // that should have it does not verify.
  std::optional<journal::JobView> find(const JobId& id);
  // The job that find() has just found leaves its bundle.
  void erase_found();
  // Both at once; false if no bundle has the job.
  bool erase(const JobId& id);

  // Damaged unless the keys around the id vouch that no bundle has it.
  void prove_absent(const JobId& id);

  // Behind all others of its queue and priority.
  void insert(const journal::BundleDraft& draft);

  // Writes what is kept. To be called before the transaction ends.
  void flush();

 private:
  // The key of the only bundle that may have the job, if it is of its queue and priority.
  std::optional<JobId> seek(const JobId& id);
  // Whether the job is in a bundle, which is in memory then, with the job at found_.
  bool locate(const JobId& id);
  [[nodiscard]] bool covers(const JobId& id) const;

  BundlesMemory& memory_;
  Cursor in_;
  Cursor out_;
  std::optional<JobId> open_;  // the key of the bundle in memory
  std::size_t found_ = 0;
};

}  // namespace zcrew::lmdb
