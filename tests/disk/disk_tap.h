// Stands between this process and the kernel for the journal's files: the program that links this
// replaces open, pwrite, writev, ftruncate, fdatasync and fsync, for LMDB as well, by calls that
// tell a listener what was asked of the disk, or that swallow syncs, as a disk that lies would.
#pragma once

#include <cstdint>
#include <string_view>

namespace zcrew::test {

// The files whose loss would matter; lock.mdb is rebuilt whenever it is missing.
enum class JournalFile : std::uint8_t { data, lock };
constexpr std::size_t journal_files = 2;

// Called after the kernel has done it, one call at a time, on whatever thread asked.
class DiskListener {
 public:
  virtual ~DiskListener() = default;
  // `through`: the file was opened with O_DSYNC, so these bytes, and no others, are on the disk
  // now.
  virtual void wrote(JournalFile file, std::uint64_t offset, std::string_view bytes,
                     bool through) = 0;
  virtual void resized(JournalFile file, std::uint64_t bytes) = 0;
  virtual void synced(JournalFile file) = 0;  // all that was written to it before
  virtual void names_synced() = 0;            // the directory's
};

// Null = nobody. Files opened before are not listened to.
void listen_to_disk(DiskListener* listener);

// From now on nothing is flushed, though all calls say that it was.
void swallow_syncs();

}  // namespace zcrew::test
