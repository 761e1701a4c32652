// A real file system that fills up: jobs are refused before any commit fails, and what is held can
// still be finished. Needs the right to mount; without it the test says so and is skipped.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/limits.h"
#include "fixtures.h"
#include "lmdb/check.h"

using namespace zcrew;
using namespace zcrew::test;

namespace {

void write_line(const char* path, const std::string& line) { std::ofstream(path) << line; }

// Mounts of this process only, gone with it. Without root, as the root of a name space of its own.
bool own_mounts() {
  static const bool works = [] {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (user != 0) {
      if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
      write_line("/proc/self/setgroups", "deny");
      write_line("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
      write_line("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
    } else if (::unshare(CLONE_NEWNS) != 0) {
      return false;
    }
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }();
  return works;
}

// A small disk, mounted while it lives.
class SmallDisk {
 public:
  enum class Kind { memory, ext4 };

  SmallDisk(Kind kind, std::uint64_t bytes) : path_(directory_.path() + "/disk") {
    if (!own_mounts()) return;
    ::mkdir(path_.c_str(), 0755);
    mounted_ = kind == Kind::memory ? mount_memory(bytes) : mount_ext4(bytes);
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] std::string journal() const { return path_ + "/journal"; }
  [[nodiscard]] std::string file() const { return path_ + "/file"; }

 private:
  bool mount_memory(std::uint64_t bytes) {
    const std::string size = "size=" + std::to_string(bytes);
    return ::mount("none", path_.c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  bool mount_ext4(std::uint64_t bytes) {
    const std::string image = directory_.path() + "/image";
    std::ofstream(image).close();
    if (::truncate(image.c_str(), static_cast<off_t>(bytes)) != 0) return false;
    const std::string command = "PATH=$PATH:/usr/sbin:/sbin; mkfs.ext4 -q -F -m 0 '" + image +
                                "' >/dev/null 2>&1 && " + "mount -o loop '" + image + "' '" +
                                path_ + "' 2>/dev/null";
    return std::system(command.c_str()) == 0;
  }

  TemporaryDirectory directory_;
  std::string path_;
  bool mounted_ = false;
};

bool skipped(const SmallDisk& disk, const char* what) {
  if (disk.mounted()) return false;
  MESSAGE("SKIPPED, nothing was tested: this process may not mount ", what);
  return true;
}

// What the core subtracts for a job.
std::uint64_t cost(std::size_t payload) { return limits::job_record_bytes + payload; }

struct Filled {
  std::vector<JobId> jobs;
  Sequence next = 1;
};

// Puts jobs as long as there is room for them, as many a batch as the room allows.
Filled fill(lmdb::LmdbJournal& journal, Author& author, std::size_t payload, Sequence first = 1) {
  Filled filled;
  filled.next = first;
  for (int batches = 0; batches < 10000; ++batches) {
    std::uint64_t room = journal.make_room();
    std::vector<core::Record> records;
    while (room >= cost(payload) && records.size() < 5000) {
      room -= cost(payload);
      const JobId id{1 + static_cast<QueueNumber>(filled.next % 3),
                     static_cast<Priority>(filled.next % 10), filled.next};
      ++filled.next;
      records.emplace_back(job_of(id, payload));
      filled.jobs.push_back(id);
    }
    if (records.empty()) return filled;
    journal.commit(author.batch(std::move(records)));
  }
  FAIL("it never became full");
  return filled;
}

void fills_and_drains(const SmallDisk& disk, std::size_t payload, std::uint64_t limit) {
  CAPTURE(payload);
  Author author;
  {
    lmdb::LmdbJournal journal({disk.journal(), limit, 3 * mebibyte, lmdb::system_disk_calls()});
    journal.open();
    const Filled filled = fill(journal, author, payload);
    REQUIRE(filled.jobs.size() > 100);
    CHECK(journal.make_room() < cost(payload));

    // Retries, deaths, results and ends go on without a byte more (J-6.3).
    std::size_t at = 0;
    for (const JobId& id : filled.jobs) {
      std::vector<core::Record> records;
      const core::HistoryEntry entry{from_ms(1), 1, "failed", "worker", std::string(200, 'e')};
      if (at % 3 == 0) {
        records.emplace_back(core::MoveToLater{id, from_ms(at + 1), job_of(id).header, entry});
        records.emplace_back(core::MoveToReady{id, from_ms(at + 1)});
      }
      if (at % 5 == 0) records.emplace_back(result_of(id, 1000 + at, 100));
      records.emplace_back(core::RemoveJob{id, core::Place::ready, {}, 0});
      if (at % 5 == 0) records.emplace_back(core::RemoveResult{id, 0});
      journal.commit(author.batch(std::move(records)));
      journal.make_room();
      if (++at == 300) break;
    }
    std::vector<core::Record> rest;
    for (; at < filled.jobs.size(); ++at)
      rest.emplace_back(core::RemoveJob{filled.jobs[at], core::Place::ready, {}, 0});
    journal.commit(author.batch(std::move(rest)));
    journal.commit(author.batch({core::RemoveHeld{{1, 1, 1}}}));  // frees what the last one freed

    // Drained, it takes jobs again though the file is as long as before (J-6.4).
    const Filled again = fill(journal, author, payload, filled.next);
    CHECK(again.jobs.size() > filled.jobs.size() / 2);
  }
  const lmdb::CheckReport report = lmdb::check_journal(disk.journal());
  for (const std::string& problem : report.problems) MESSAGE(problem);
  CHECK(report.ok);
}

void fill_with_a_file(const SmallDisk& disk) {
  const int fd = ::open(disk.file().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  REQUIRE(fd >= 0);
  const std::vector<char> bytes(4096, 'f');
  while (::write(fd, bytes.data(), bytes.size()) > 0) {
  }
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

TEST_CASE("a full disk refuses jobs and finishes what is there (J-6.2, J-6.3, J-6.4)") {
  for (const std::size_t payload : {0UL, 100UL, 1000UL, 1100UL, 1900UL, 5000UL, 40000UL}) {
    const SmallDisk disk(SmallDisk::Kind::memory, 32 * mebibyte);
    if (skipped(disk, "a tmpfs")) return;
    fills_and_drains(disk, payload, 0);
  }
}

TEST_CASE("so does a full ext4, whose own blocks count too (J-6.2, J-6.3, J-6.4)") {
  for (const std::size_t payload : {100UL, 1100UL, 20000UL}) {
    const SmallDisk disk(SmallDisk::Kind::ext4, 48 * mebibyte);
    if (skipped(disk, "a loop device with ext4")) return;
    fills_and_drains(disk, payload, 0);
  }
}

TEST_CASE("a limit on the journal works like a full disk (J-6.5)") {
  const SmallDisk disk(SmallDisk::Kind::memory, 100 * mebibyte);
  if (skipped(disk, "a tmpfs")) return;
  fills_and_drains(disk, 100, 24 * mebibyte);
  struct stat file {};
  REQUIRE(::stat((disk.journal() + "/data.mdb").c_str(), &file) == 0);
  CHECK(static_cast<std::uint64_t>(file.st_blocks) * 512 <= 24 * mebibyte);
}

TEST_CASE("when others fill the disk, what was promised still fits (J-6.1)") {
  const SmallDisk disk(SmallDisk::Kind::memory, 128 * mebibyte);
  if (skipped(disk, "a tmpfs")) return;
  lmdb::LmdbJournal journal({disk.journal(), 0, 3 * mebibyte, lmdb::system_disk_calls()});
  journal.open();
  Author author;
  journal.commit(author.batch({job_of({1, 5, 1})}));
  REQUIRE(journal.make_room() > 0);
  fill_with_a_file(disk);
  const Filled filled = fill(journal, author, 100, 2);
  CHECK(filled.jobs.size() > 1000);
  CHECK(journal.make_room() < cost(100));
  // and when they go, there is room again
  REQUIRE(::unlink(disk.file().c_str()) == 0);
  CHECK(journal.make_room() > 0);
}

TEST_CASE("a journal can be opened and drained on a disk that is full (J-6.3)") {
  const SmallDisk disk(SmallDisk::Kind::memory, 128 * mebibyte);
  if (skipped(disk, "a tmpfs")) return;
  Author author;
  {
    lmdb::LmdbJournal journal({disk.journal(), 0, 3 * mebibyte, lmdb::system_disk_calls()});
    journal.open();
    std::vector<core::Record> records;
    for (Sequence i = 1; i <= 10000; ++i) records.emplace_back(job_of({1, 5, i}, 100));
    journal.commit(author.batch(std::move(records)));
    journal.make_room();
  }
  fill_with_a_file(disk);
  lmdb::LmdbJournal journal({disk.journal(), 0, 3 * mebibyte, lmdb::system_disk_calls()});
  CHECK(journal.open().epoch == 2);
  std::vector<core::Record> removals;
  for (Sequence i = 1; i <= 10000; ++i)
    removals.emplace_back(core::RemoveJob{{1, 5, i}, core::Place::ready, {}, 0});
  journal.commit(author.batch(std::move(removals)));
}

TEST_CASE("an idle journal leaves the disk to others, and more of it once it is closed (J-6.1)") {
  for (const auto kind : {SmallDisk::Kind::memory, SmallDisk::Kind::ext4}) {
    const SmallDisk disk(kind, 128 * mebibyte);
    if (skipped(disk, "a tmpfs or ext4")) return;
    const auto taken = [&disk] {
      struct stat file {};
      REQUIRE(::stat((disk.journal() + "/data.mdb").c_str(), &file) == 0);
      return static_cast<std::uint64_t>(file.st_blocks) * 512;
    };
    {
      lmdb::LmdbJournal journal({disk.journal(), 0, 16 * mebibyte, lmdb::system_disk_calls()});
      journal.open();
      for (int i = 0; i < 20; ++i) CHECK(journal.make_room() > 0);
      CHECK(taken() > 17 * mebibyte);
      CHECK(taken() < 80 * mebibyte);
    }
    CHECK(taken() >= 16 * mebibyte);
    CHECK(taken() < 17 * mebibyte);
    CHECK(lmdb::check_journal(disk.journal()).ok);
  }
}

TEST_CASE("a new journal on a full disk is refused with the reason (J-7.3)") {
  const SmallDisk disk(SmallDisk::Kind::memory, 4 * mebibyte);
  if (skipped(disk, "a tmpfs")) return;
  fill_with_a_file(disk);
  try {
    lmdb::LmdbJournal journal({disk.journal(), 0, mebibyte, lmdb::system_disk_calls()});
    journal.open();
    FAIL("it opened");
  } catch (const journal::OpenError& error) {
    CHECK(error.why() == journal::OpenFailure::io);
    INFO(error.what());
    CHECK(std::string(error.what()).find("No space left") != std::string::npos);
  }
}
