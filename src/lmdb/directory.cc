#include "lmdb/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "journal/journal.h"

namespace zcrew::lmdb {

namespace {

using journal::OpenError;
using journal::OpenFailure;

// First line of `lock`: while we do not know what the file is that was here before, while a journal
// is being made, and once it is complete. Of one length, so that none is ever cut while the second
// line, which names the process, is replaced.
constexpr std::string_view look_line = "zcrew looking\n";
constexpr std::string_view new_line = "zcrew startup\n";
constexpr std::string_view mark_line = "zcrew journal\n";
static_assert(look_line.size() == mark_line.size() && new_line.size() == mark_line.size());

// More than LMDB's table of readers needs.
constexpr off_t reader_table_bytes = 16384;

[[noreturn]] void refuse(const std::string& path, std::string_view doing, int error) {
  throw OpenError(OpenFailure::io, "cannot " + std::string(doing) + " the journal " + path + ": " +
                                       std::strerror(error) +
                                       ". Give a directory that is there and that this user can "
                                       "write to");
}

void flush_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) refuse(path, "open", errno);
  const int code = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  // Some file systems do not know how to flush a directory; they have nothing to lose then.
  if (code != 0 && error != EINVAL) refuse(path, "flush", error);
}

// Makes the directory, and those above it that are missing, each with its name on the disk. 0 or
// errno.
int make_durably(const std::filesystem::path& path, mode_t mode) {
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  int error = ::mkdir(path.c_str(), mode) == 0 ? 0 : errno;
  if (error == ENOENT && parent != path) {
    error = make_durably(parent, 0777);
    if (error == 0) error = ::mkdir(path.c_str(), mode) == 0 ? 0 : errno;
  }
  if (error == 0) flush_directory(parent.string());
  return error == EEXIST ? 0 : error;
}

std::string read_start(int fd) {
  std::array<char, 64> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

// 0 or errno.
int write_line(int fd, std::string_view line, std::size_t offset) {
  const ssize_t size = ::pwrite(fd, line.data(), line.size(), static_cast<off_t>(offset));
  if (size < 0) return errno;
  if (size != static_cast<ssize_t>(line.size())) return ENOSPC;
  return ::fsync(fd) == 0 ? 0 : errno;
}

}  // namespace

void refuse_no_journal(const std::string& path) {
  throw OpenError(OpenFailure::not_a_journal,
                  "there is no zcrew journal in " + path +
                      ". Name the directory that `zcrew router --journal` was given");
}

Directory::Directory(std::string path, bool make) : path_(std::move(path)) {
  if (make) make_path();
  struct stat found {};
  if (::stat(path_.c_str(), &found) != 0) refuse(path_, "open", errno);
  if (!S_ISDIR(found.st_mode)) refuse(path_, "open", ENOTDIR);
  const auto has = [&](const char* file) {
    return ::stat((path_ + file).c_str(), &found) == 0 || errno != ENOENT;
  };
  // Before anything is written into a directory that was named by mistake.
  if (!make && !has("/lock") && !has("/data.mdb")) refuse_no_journal(path_);
  lock();
  give_readers_room();
}

Directory::~Directory() {
  if (lock_ >= 0) ::close(lock_);
}

void Directory::make_path() const {
  std::filesystem::path path(path_);
  if (!path.has_filename()) path = path.parent_path();  // "dir/"
  // For its user only, because payloads are nobody else's business.
  if (const int error = make_durably(path, 0700)) refuse(path_, "make", error);
}

void Directory::lock() {
  const std::string name = path_ + "/lock";
  lock_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) refuse(path_, "lock", errno);
  const bool locked = ::flock(lock_, LOCK_EX | LOCK_NB) == 0;
  const int error = errno;
  const std::string text = read_start(lock_);
  if (!locked) {
    ::close(std::exchange(lock_, -1));
    if (error != EWOULDBLOCK) refuse(path_, "lock", error);
    const std::size_t at = text.find("process ");
    const std::string who =
        at == std::string::npos ? "another process" : text.substr(at, text.find('\n', at) - at);
    throw OpenError(OpenFailure::locked, "the journal " + path_ + " is in use by " + who +
                                             ". Stop that one first, or use another journal");
  }
  marked_ = text.rfind(mark_line, 0) == 0;
  begun_ = text.rfind(new_line, 0) == 0;
  if (!marked_ && !begun_) {
    // Durable before the journal's file has a name, or else a power loss could leave that one
    // alone.
    const int failed = write_line(lock_, has_content() ? look_line : new_line, 0);
    if (failed != 0) refuse(path_, "lock", failed);
    flush();
  }
  const std::string process = "process " + std::to_string(::getpid()) + "\n";
  write_line(lock_, process, mark_line.size());  // for people only
  if (::ftruncate(lock_, static_cast<off_t>(mark_line.size() + process.size())) != 0)
    refuse(path_, "lock", errno);
}

// LMDB lengthens its table of readers without writing it and then maps it: on a full disk the first
// access would end the process by a signal. Bytes that were written have their place on the disk.
void Directory::give_readers_room() const {
  const std::string name = path_ + "/lock.mdb";
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) refuse(path_, "open", errno);
  struct stat found {};
  int error = ::fstat(fd, &found) == 0 ? 0 : errno;
  const std::array<char, 4096> zeros{};
  while (error == 0 && found.st_size < reader_table_bytes) {
    const ssize_t size = ::pwrite(fd, zeros.data(), zeros.size(), found.st_size);
    error = size > 0 ? 0 : errno;
    found.st_size += size;
  }
  ::close(fd);
  if (error != 0) refuse(path_, "make room in", error);
}

void Directory::mark() {
  if (marked_) return;
  if (const int error = write_line(lock_, mark_line, 0)) refuse(path_, "finish making", error);
  marked_ = true;
}

void Directory::set_aside() const {
  const std::string name = path_ + "/data.mdb";
  if (::rename(name.c_str(), (name + ".unfinished").c_str()) != 0)
    refuse(path_, "begin again", errno);
}

bool Directory::has_content() const {
  struct stat found {};
  return ::stat((path_ + "/data.mdb").c_str(), &found) == 0 && found.st_size > 0;
}

void Directory::flush() const { flush_directory(path_); }

}  // namespace zcrew::lmdb
