#include "lmdb/environment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "journal/layout.h"
#include "lmdb/inside.h"

namespace zcrew::lmdb {

namespace {

constexpr unsigned readers_max = 126;
constexpr MDB_dbi free_database = 0;  // LMDB's own list of free pages
constexpr MDB_dbi databases_max = 32;

}  // namespace

int Environment::open(const std::string& directory, Environment& environment) {
  const Inside inside;
  MDB_env* handle = nullptr;
  int code = mdb_env_create(&handle);
  if (code != 0) return code;
  environment.handle_ = handle;
  mdb_env_set_mapsize(handle, map_bytes);
  mdb_env_set_maxdbs(handle, databases_max);
  mdb_env_set_maxreaders(handle, readers_max);
  // NOTLS: a read belongs to its transaction, not to its thread. All else is LMDB's default, above
  // all the sync (J-2.1).
  code = mdb_env_open(handle, directory.c_str(), MDB_NOTLS, 0600);
  if (code != 0) return code;
  ::fcntl(environment.fd(), F_SETFD, FD_CLOEXEC);  // LMDB leaves this one open for children
  MDB_stat stat{};
  code = mdb_env_stat(handle, &stat);
  environment.page_bytes_ = stat.ms_psize;
  return code;
}

Environment::~Environment() {
  const Inside inside;
  if (handle_ != nullptr) mdb_env_close(handle_);
}

int Environment::fd() const {
  mdb_filehandle_t fd = -1;
  check("get the journal's file", mdb_env_get_fd(handle_, &fd));
  return fd;
}

std::uint64_t Environment::used_bytes() const {
  const Inside inside;  // LMDB reads its first pages in the map
  MDB_envinfo info{};
  check("ask for the journal's size", mdb_env_info(handle_, &info));
  return (std::uint64_t{info.me_last_pgno} + 1) * page_bytes_;
}

std::uint64_t Environment::last_commit() const {
  const Inside inside;  // LMDB reads its first pages in the map
  MDB_envinfo info{};
  check("ask for the journal's size", mdb_env_info(handle_, &info));
  return info.me_last_txnid;
}

int Environment::forget_dead_readers() const {
  const Inside inside;
  int dead_readers = 0;
  return mdb_reader_check(handle_, &dead_readers);
}

// ---- free pages ----

namespace {

// LMDB tells its readers only as lines of text: "pid thread txnid", "-" for a slot not in use.
int note_reader(const char* line, void* context) {
  auto& oldest = *static_cast<std::uint64_t*>(context);
  int pid = 0;
  std::size_t thread = 0;
  std::size_t commit = 0;
  if (std::sscanf(line, "%d %zx %zu", &pid, &thread, &commit) == 3)
    oldest = oldest == 0 ? commit : std::min<std::uint64_t>(oldest, commit);
  return 0;
}

std::uint64_t oldest_reader(const Environment& environment) {
  const Inside inside;
  std::uint64_t oldest = 0;
  mdb_reader_list(environment.get(), note_reader, &oldest);
  return oldest;
}

// Calls visit(commit that freed them, count, page numbers) for each record of LMDB's free list.
template <typename Visit>
void walk_free_list(const Environment& environment, Visit visit) {
  const Transaction snapshot(environment.get(), Transaction::Mode::read);
  Cursor cursor(snapshot.get(), free_database);
  for (bool there = cursor.first(); there; there = cursor.next()) {
    std::size_t commit = 0;
    std::size_t count = 0;
    const std::string_view value = cursor.value();
    if (cursor.key().size() != sizeof commit || value.size() < sizeof count)
      fail("read the journal's free list", MDB_CORRUPTED);
    std::memcpy(&commit, cursor.key().data(), sizeof commit);
    std::memcpy(&count, value.data(), sizeof count);
    if (count > value.size() / sizeof count - 1)
      fail("read the journal's free list", MDB_CORRUPTED);
    visit(commit, count, value.data() + sizeof count);
  }
}

}  // namespace

FreePages count_free_pages(const Environment& environment) {
  FreePages free;
  free.oldest_reader = oldest_reader(environment);
  std::uint64_t pinned_from = environment.last_commit();
  if (free.oldest_reader != 0) pinned_from = std::min(pinned_from, free.oldest_reader);
  walk_free_list(environment, [&](std::size_t commit, std::size_t count, const char*) {
    (commit < pinned_from ? free.usable : free.pinned) += count;
  });
  return free;
}

bool settle_length(const Environment& environment) {
  struct stat file {};
  if (::fstat(environment.fd(), &file) != 0) fail("ask for the journal's length", errno);
  const auto length = static_cast<std::uint64_t>(file.st_size);
  const std::uint64_t used = environment.used_bytes();
  if (length >= used) return true;

  const auto resize = [&](std::uint64_t bytes) {
    if (::ftruncate(environment.fd(), static_cast<off_t>(bytes)) != 0)
      fail("lengthen the journal's file", errno);
  };
  const std::uint64_t first_missing = length / environment.page_bytes();
  std::uint64_t missing = used / environment.page_bytes() - first_missing;
  resize(used);
  try {
    walk_free_list(environment, [&](std::size_t, std::size_t count, const char* pages) {
      for (std::size_t i = 0; i < count; ++i) {
        std::size_t page = 0;
        std::memcpy(&page, pages + i * sizeof page, sizeof page);
        if (page >= first_missing && missing > 0) --missing;
      }
    });
  } catch (const journal::Damaged&) {
    // the free list itself is among what is missing
  }
  if (missing == 0) return true;
  resize(length);
  return false;
}

}  // namespace zcrew::lmdb
