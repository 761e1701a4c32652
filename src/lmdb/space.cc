#include "lmdb/space.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace zcrew::lmdb {

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

// Reserved beyond the needs: small enough for a small disk's owner, large enough that a flood does
// not use it up during one commit; doubled while it does.
constexpr std::uint64_t step_first = 64 * mebibyte;
constexpr std::uint64_t step_max = 512 * mebibyte;

// Below this a fuller disk is not worth another attempt.
constexpr std::uint64_t piece_min = mebibyte;

// A commit writes the pages it changes to new places before the old ones become free: at most as
// many as are in use, and 4,096 of 4 KiB are more than what 50,000 records touch in key order.
constexpr std::uint64_t copied_max = 16 * mebibyte;

// With this much free, an eighth of it may be promised before it is reserved: nobody writes the
// other seven between two commits. So a flood right after the start is not refused.
constexpr std::uint64_t plenty = 1024 * mebibyte;
constexpr std::uint64_t promised_max = 512 * mebibyte;

// Bytes of disk that a byte of a job may need: half-full pages, and a payload just too large to be
// inline in a page of its own.
constexpr std::uint64_t bytes_per_byte = 3;

int reserve_blocks(int fd, std::uint64_t from, std::uint64_t bytes) {
  int code = 0;
  do {
    code =
        ::fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from), static_cast<off_t>(bytes));
  } while (code != 0 && errno == EINTR);
  return code == 0 ? 0 : errno;
}

struct statvfs ask_disk(int fd) {
  struct statvfs disk {};
  if (::fstatvfs(fd, &disk) != 0) return {};
  return disk;
}

std::uint64_t available_bytes(int fd) {
  const struct statvfs disk = ask_disk(fd);
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

bool unsupported(int error) {
  return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL || error == ENODEV;
}

}  // namespace

DiskCalls system_disk_calls() { return {reserve_blocks, available_bytes}; }

std::uint64_t disk_bytes(int fd) {
  const struct statvfs disk = ask_disk(fd);
  return std::uint64_t{disk.f_blocks} * disk.f_frsize;
}

Space::Space(SpaceOptions options, DiskCalls disk)
    : options_(options),
      disk_(std::move(disk)),
      // Half of it is always there (see make_room).
      step_(std::max(step_first, 2 * bytes_per_byte * options.job_bytes_max)) {
  if (options_.limit_bytes == 0)
    options_.limit_bytes = std::numeric_limits<std::uint64_t>::max();
  else
    options_.reserve_bytes = std::min(options_.reserve_bytes, options_.limit_bytes / 4);
}

std::uint64_t Space::make_room(int fd, std::uint64_t used_bytes,
                               const std::function<std::uint64_t()>& free_inside) {
  follow_growth(used_bytes);
  std::uint64_t needed = needs(used_bytes);
  const std::uint64_t enough = needed + step_ / 2;
  if (reserved_behind(used_bytes) < enough) {
    own_used(fd, used_bytes);
    const std::uint64_t needed_end = used_bytes + needed;
    grow(fd, used_bytes, std::min(needed_end + step_within(fd, needed_end), options_.limit_bytes));
  }
  std::uint64_t room = reserved_behind(used_bytes);
  if (room < enough) {
    const std::uint64_t inside = std::min(free_inside(), used_bytes);
    room += inside;
    needed = needs(used_bytes - inside);
  }
  room += promised(fd);
  return room > needed ? (room - needed) / bytes_per_byte : 0;
}

// What completions may take when no job is taken any more.
std::uint64_t Space::needs(std::uint64_t used_bytes) const {
  return options_.reserve_bytes + std::min(used_bytes, copied_max) + held_back_;
}

// The disk is not ours alone: of what it has beyond the needs, half stays free, however often this
// is asked. So what the step has already counts as free.
std::uint64_t Space::step_within(int fd, std::uint64_t needed_end) const {
  const std::uint64_t most = std::max(end_, used_) + disk_.available(fd);
  return most > needed_end ? std::min(step_, (most - needed_end) / 2) : 0;
}

// What is not reserved yet and as good as ours.
std::uint64_t Space::promised(int fd) const {
  const std::uint64_t below_limit = options_.limit_bytes - std::min(end_, options_.limit_bytes);
  const std::uint64_t spare = std::min(disk_.available(fd), below_limit);
  return can_reserve_ && spare >= plenty ? std::min(spare / 8, promised_max) : 0;
}

void Space::follow_growth(std::uint64_t used_bytes) {
  if (used_ != 0 && used_bytes > used_ + step_ / 2) step_ = std::min(step_ * 2, step_max);
  used_ = used_bytes;
}

// Written by a commit, or before this start; a copied file may have holes there.
void Space::own_used(int fd, std::uint64_t used_bytes) {
  if (!can_reserve_ || end_ >= used_bytes) return;
  const int error = disk_.reserve(fd, end_, used_bytes - end_);
  can_reserve_ = !unsupported(error);
  if (error == 0) end_ = used_bytes;
}

// Takes what the disk gives, in halves: nearly full is not full. Asks before it tries, because a
// reservation that fails makes some file systems flush everything first.
void Space::grow(int fd, std::uint64_t used_bytes, std::uint64_t wanted_end) {
  if (!can_reserve_) {
    end_ = std::min(used_bytes + disk_.available(fd), options_.limit_bytes);
    return;
  }
  if (end_ < used_bytes || end_ >= wanted_end) return;
  std::uint64_t piece = std::min(wanted_end - end_, disk_.available(fd));
  while (piece >= piece_min && end_ < wanted_end) {
    piece = std::min(piece, wanted_end - end_);
    if (disk_.reserve(fd, end_, piece) == 0)
      end_ += piece;
    else
      piece /= 2;
  }
}

// Cut at its length, a file loses the blocks behind it and no byte.
void Space::give_back_step(int fd, std::uint64_t used_bytes) {
  const std::uint64_t needed_end = used_bytes + needs(used_bytes);
  struct stat file {};
  if (!can_reserve_ || end_ <= needed_end || ::fstat(fd, &file) != 0) return;
  const auto length = static_cast<std::uint64_t>(file.st_size);
  if (::ftruncate(fd, file.st_size) != 0 || length >= needed_end) return;
  const bool kept = disk_.reserve(fd, length, needed_end - length) == 0;
  end_ = kept ? needed_end : length;
}

}  // namespace zcrew::lmdb
