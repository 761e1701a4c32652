// The LMDB environment of a journal: default sync, a fixed large map, our databases.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <string>

#include "lmdb/transaction.h"

namespace zcrew::lmdb {

// Address space, not memory; more than any disk this is meant for. Sanitizers keep a shadow of it.
#ifdef ZCREW_SANITIZED
inline constexpr std::size_t map_bytes = std::size_t{64} << 30U;
#else
inline constexpr std::size_t map_bytes = std::size_t{1} << 40U;
#endif

class Environment {
 public:
  // Opens or makes DIRECTORY/data.mdb. Returns LMDB's code instead of throwing, because what it
  // means depends on what the directory was before.
  static int open(const std::string& directory, Environment& environment);

  Environment() = default;
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  [[nodiscard]] MDB_env* get() const { return handle_; }
  [[nodiscard]] int fd() const;

  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_; }
  [[nodiscard]] std::uint64_t used_bytes() const;  // up to the last page ever used
  [[nodiscard]] std::uint64_t last_commit() const;

  // Readers of other processes that were killed, such as a copy: they hold pages. LMDB's code.
  int forget_dead_readers() const;  // NOLINT(modernize-use-nodiscard)

 private:
  MDB_env* handle_ = nullptr;
  std::uint64_t page_bytes_ = 0;
};

// Pages that the next commit may take from inside the file, and how many there are that it may not
// take yet, because a reader or the last commit needs them.
struct FreePages {
  std::uint64_t usable = 0;
  std::uint64_t pinned = 0;
  std::uint64_t oldest_reader = 0;  // commit number of the oldest snapshot in use; 0 = none
};
FreePages count_free_pages(const Environment& environment);

// LMDB does not write pages that were taken at the file's end and freed in the same commit, so that
// a sound file may lack some pages at its end; any other missing page means that it was cut short.
// Lengthens a sound file to its last page, so that no access can fall behind its end; returns false
// and changes nothing if it was cut short.
bool settle_length(const Environment& environment);

}  // namespace zcrew::lmdb
