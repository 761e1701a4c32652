#include "disk_tap.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <mutex>
#include <optional>
#include <string>

namespace zcrew::test {

namespace {

constexpr std::size_t descriptors_max = 1024;

// What is known of an open descriptor.
struct Known {
  std::optional<JournalFile> file;
  bool through = false;  // O_DSYNC
};

struct Tap {
  std::recursive_mutex mutex;
  DiskListener* listener = nullptr;
  bool swallow = false;
  std::array<Known, descriptors_max> known;
};

Tap& tap() {
  static Tap it;
  return it;
}

// The library's own function behind the one below.
template <typename Call>
Call* real(const char* name) {
  return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

std::optional<JournalFile> file_of(std::string_view path) {
  const auto ends = [&](std::string_view end) {
    return path.size() >= end.size() && path.substr(path.size() - end.size()) == end;
  };
  if (ends("/data.mdb")) return JournalFile::data;
  if (ends("/lock")) return JournalFile::lock;
  return std::nullopt;
}

Known* known(int fd) {
  return fd >= 0 && static_cast<std::size_t>(fd) < descriptors_max
             ? &tap().known[static_cast<std::size_t>(fd)]
             : nullptr;
}

void report_write(int fd, std::uint64_t offset, std::string_view bytes) {
  const Known* it = known(fd);
  if (tap().listener == nullptr || it == nullptr || !it->file) return;
  tap().listener->wrote(*it->file, offset, bytes, it->through);
}

void report_sync(int fd) {
  const Known* it = known(fd);
  if (tap().listener == nullptr || it == nullptr) return;
  struct stat found {};
  if (it->file)
    tap().listener->synced(*it->file);
  else if (::fstat(fd, &found) == 0 && S_ISDIR(found.st_mode))
    tap().listener->names_synced();
}

int sync(int fd, const char* name) {
  if (tap().swallow) return 0;
  const int code = real<int(int)>(name)(fd);
  const std::lock_guard lock(tap().mutex);
  if (code == 0) report_sync(fd);
  return code;
}

}  // namespace

void listen_to_disk(DiskListener* listener) {
  const std::lock_guard lock(tap().mutex);
  tap().listener = listener;
}

void swallow_syncs() { tap().swallow = true; }

// ---- the calls that are replaced ----

extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  if (tap().swallow) flags &= ~O_DSYNC;
  const int fd = real<int(const char*, int, ...)>("open")(path, flags, mode);
  const std::lock_guard lock(tap().mutex);
  if (Known* it = known(fd)) *it = {file_of(path), (flags & O_DSYNC) != 0};
  return fd;
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const std::lock_guard lock(tap().mutex);
  const ssize_t done =
      real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(fd, bytes, size, offset);
  if (done > 0)
    report_write(fd, static_cast<std::uint64_t>(offset),
                 {static_cast<const char*>(bytes), static_cast<size_t>(done)});
  return done;
}

ssize_t writev(int fd, const iovec* parts, int count) {
  const std::lock_guard lock(tap().mutex);
  const off_t offset = ::lseek(fd, 0, SEEK_CUR);
  const ssize_t done = real<ssize_t(int, const iovec*, int)>("writev")(fd, parts, count);
  if (done > 0 && offset >= 0) {
    std::string bytes;
    for (int i = 0; i < count; ++i)
      bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    report_write(fd, static_cast<std::uint64_t>(offset),
                 bytes.substr(0, static_cast<size_t>(done)));
  }
  return done;
}

int ftruncate(int fd, off_t size) noexcept {
  const std::lock_guard lock(tap().mutex);
  const int code = real<int(int, off_t)>("ftruncate")(fd, size);
  const Known* it = known(fd);
  if (code == 0 && tap().listener != nullptr && it != nullptr && it->file)
    tap().listener->resized(*it->file, static_cast<std::uint64_t>(size));
  return code;
}

int fdatasync(int fd) { return sync(fd, "fdatasync"); }
int fsync(int fd) { return sync(fd, "fsync"); }

}  // extern "C"

}  // namespace zcrew::test
