// Disk space reserved ahead of need, so that no commit meets a full disk (journal.md section 6).
// Pure arithmetic over two system calls, which tests replace. Used by whoever commits.
#pragma once

#include <cstdint>
#include <functional>

namespace zcrew::lmdb {

struct DiskCalls {
  // Reserves blocks for [from, from + bytes) of the file, keeping its length. 0 or errno.
  std::function<int(int fd, std::uint64_t from, std::uint64_t bytes)> reserve;
  // Bytes that an ordinary user may still write on the file's disk.
  std::function<std::uint64_t(int fd)> available;
};
DiskCalls system_disk_calls();

// Of the file's whole disk, free or not.
std::uint64_t disk_bytes(int fd);

struct SpaceOptions {
  std::uint64_t limit_bytes = 0;    // of the file, used and reserved; 0 = none
  std::uint64_t reserve_bytes = 0;  // for completions when no job is taken any more
  std::uint64_t job_bytes_max = 0;  // one of these always has room while the disk has
};

// What one job may take under a limit of so many bytes, to have room for certain once the journal
// is empty: half of what is promised then, a third of the three quarters that are not reserve. The
// other half is for pages that are not free again yet (journal.md, J-6.2 and J-6.5).
constexpr std::uint64_t largest_job(std::uint64_t limit_bytes) { return limit_bytes / 8; }

class Space {
 public:
  Space(SpaceOptions options, DiskCalls disk);

  // Reserves behind the `used_bytes` of the file as far as possible and returns how many bytes of
  // new jobs may be taken. `free_inside` is asked only when the disk gives no more.
  std::uint64_t make_room(int fd, std::uint64_t used_bytes,
                          const std::function<std::uint64_t()>& free_inside);

  // What the file may grow by without a new job: held back like the reserve from now on.
  void hold_back(std::uint64_t bytes) { held_back_ = bytes; }

  // At the end of a run: others may have the blocks of the step. Those for completions stay, so
  // that the next run finishes what is held on a disk that is full by then.
  void give_back_step(int fd, std::uint64_t used_bytes);

  [[nodiscard]] std::uint64_t reserve_bytes() const { return options_.reserve_bytes; }
  [[nodiscard]] std::uint64_t reserved_behind(std::uint64_t used_bytes) const {
    return end_ > used_bytes ? end_ - used_bytes : 0;
  }

 private:
  void own_used(int fd, std::uint64_t used_bytes);
  void grow(int fd, std::uint64_t used_bytes, std::uint64_t wanted_end);
  [[nodiscard]] std::uint64_t needs(std::uint64_t used_bytes) const;
  [[nodiscard]] std::uint64_t step_within(int fd, std::uint64_t needed_end) const;
  [[nodiscard]] std::uint64_t promised(int fd) const;
  void follow_growth(std::uint64_t used_bytes);

  SpaceOptions options_;
  DiskCalls disk_;
  bool can_reserve_ = true;
  std::uint64_t end_ = 0;   // the file's blocks are ours up to here
  std::uint64_t step_;      // what is reserved beyond the needs
  std::uint64_t used_ = 0;  // at the last call
  std::uint64_t held_back_ = 0;
};

}  // namespace zcrew::lmdb
