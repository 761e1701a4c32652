// Space reserved ahead, over a disk of numbers.
#include "lmdb/space.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "base/limits.h"
#include "fixtures.h"

using namespace zcrew;
using namespace zcrew::test;
using lmdb::DiskCalls;
using lmdb::Space;

namespace {

constexpr std::uint64_t reserve = 16 * mebibyte;

// A disk of so many bytes with one file on it, whose blocks end at `end`.
struct FakeDisk {
  explicit FakeDisk(std::uint64_t bytes) : free(bytes) {}

  DiskCalls calls() {
    return {[this](int, std::uint64_t from, std::uint64_t bytes) {
              ++reservations;
              if (error != 0) return error;
              const std::uint64_t fresh = from + bytes > end ? from + bytes - end : 0;
              if (fresh > free) return ENOSPC;
              free -= fresh;
              end += fresh;
              return 0;
            },
            [this](int) { return free; }};
  }

  std::uint64_t free;
  std::uint64_t end = 0;
  int error = 0;
  int reservations = 0;
};

std::uint64_t nothing_inside() { return 0; }

}  // namespace

TEST_CASE("blocks are reserved behind the used ones: reserve, copies, a step (J-6.1)") {
  FakeDisk disk(100 * 1024 * mebibyte);
  Space space({0, reserve}, disk.calls());
  space.make_room(3, mebibyte, nothing_inside);
  CHECK(disk.end == mebibyte + reserve + mebibyte + 64 * mebibyte);
  CHECK(space.reserved_behind(mebibyte) == reserve + 65 * mebibyte);
  // nothing to do while more than half of the step is left
  const int before = disk.reservations;
  space.make_room(3, 5 * mebibyte, nothing_inside);
  CHECK(disk.reservations == before);
  space.make_room(3, 40 * mebibyte, nothing_inside);
  CHECK(disk.reservations > before);
}

TEST_CASE("the step follows a flood up to 512 MiB (J-6.1)") {
  FakeDisk disk(100 * 1024 * mebibyte);
  Space space({0, reserve}, disk.calls());
  std::uint64_t used = mebibyte;
  space.make_room(3, used, nothing_inside);
  std::uint64_t ahead = 0;
  for (int i = 0; i < 10; ++i) {
    used += 400 * mebibyte;
    space.make_room(3, used, nothing_inside);
    ahead = space.reserved_behind(used);
    CHECK(disk.end >= used);
  }
  CHECK(ahead == reserve + 16 * mebibyte + 512 * mebibyte);
}

TEST_CASE("the room is a third of what is beyond the reserve and the copies (J-6.2)") {
  FakeDisk disk(90 * mebibyte);
  Space space({0, reserve}, disk.calls());
  const std::uint64_t room = space.make_room(3, 10 * mebibyte, nothing_inside);
  CHECK(disk.end == (90 - 27) * mebibyte);
  CHECK(room == (90 - 10 - 16 - 10) / 2 * mebibyte / 3);
}

TEST_CASE("what is held back is reserved, and no room (J-6.7)") {
  FakeDisk disk(90 * mebibyte);
  Space space({0, reserve}, disk.calls());
  space.hold_back(20 * mebibyte);
  const std::uint64_t room = space.make_room(3, 10 * mebibyte, nothing_inside);
  CHECK(room == (90 - 10 - 16 - 10 - 20) / 2 * mebibyte / 3);
  CHECK(space.reserved_behind(10 * mebibyte) == reserve + (10 + 20 + 17) * mebibyte);
}

TEST_CASE("a full journal has room for each of its jobs by itself (J-6.3, J-6.7)") {
  for (const std::size_t payload : {10U, 100U}) {
    CAPTURE(payload);
    const TemporaryDirectory directory;
    constexpr std::uint64_t limit = 64 * mebibyte;
    lmdb::LmdbJournal journal({directory.journal(), limit});
    journal.open();
    Author author;
    constexpr Sequence commit_jobs = 5000;
    const auto cost = commit_jobs * (zcrew::limits::job_record_bytes + payload);
    Sequence jobs = 0;
    while (journal.make_room() >= cost) {
      std::vector<core::Record> puts;
      for (Sequence i = 0; i < commit_jobs; ++i) puts.emplace_back(job_of({1, 5, ++jobs}, payload));
      journal.commit(author.batch(std::move(puts)));
    }
    REQUIRE(jobs > 100000);
    for (Sequence job = 0; job < jobs;) {
      std::vector<core::Record> updates;
      for (Sequence i = 0; i < commit_jobs; ++i)
        updates.emplace_back(core::UpdateJob{{1, 5, ++job}, job_of({}).header, {}});
      journal.commit(author.batch(std::move(updates)));
      journal.make_room();
    }
    CHECK(journal.gauges().file_bytes <= limit);
  }
}

TEST_CASE("a disk with plenty of room promises more than is reserved (J-6.2)") {
  FakeDisk disk(80 * 1024 * mebibyte);
  Space space({0, reserve}, disk.calls());
  CHECK(space.make_room(3, mebibyte, nothing_inside) == (64 + 512) * mebibyte / 3);
}

TEST_CASE("the step takes no more than half of what is free, however often it is asked (J-6.1)") {
  FakeDisk disk(64 * mebibyte);
  Space space({0, reserve}, disk.calls());
  for (int i = 0; i < 10; ++i) space.make_room(3, mebibyte, nothing_inside);
  CHECK(disk.free == (64 - 1 - 16 - 1) * mebibyte / 2);
  // Others need some of it: the step follows, and the reserve stays.
  disk.free = 2 * mebibyte;
  for (int i = 0; i < 10; ++i) space.make_room(3, mebibyte, nothing_inside);
  CHECK(disk.free == 2 * mebibyte);
  CHECK(space.reserved_behind(mebibyte) >= reserve + mebibyte);
}

TEST_CASE("on a full disk there is no room, and the reserve stays (J-6.2)") {
  FakeDisk disk(40 * mebibyte);
  Space space({0, reserve}, disk.calls());
  std::uint64_t used = mebibyte;
  std::uint64_t room = space.make_room(3, used, nothing_inside);
  REQUIRE(room > 0);
  int commits = 0;
  while (room > 0) {  // jobs of that many bytes come and need their worst case
    REQUIRE(++commits < 1000);
    used += std::max<std::uint64_t>(room * 3, 4096);
    room = space.make_room(3, used, nothing_inside);
  }
  CHECK(space.reserved_behind(used) >= reserve);
}

TEST_CASE("pages free inside the file count when the disk gives no more (J-6.4)") {
  FakeDisk disk(40 * mebibyte);
  Space space({0, reserve}, disk.calls());
  CHECK(space.make_room(3, 24 * mebibyte, nothing_inside) == 0);
  CHECK(space.make_room(3, 24 * mebibyte, [] { return 20 * mebibyte; }) ==
        (16 + 20 - 16 - (24 - 20)) * mebibyte / 3);
}

TEST_CASE("free pages are not counted while the disk has room") {
  FakeDisk disk(100 * 1024 * mebibyte);
  Space space({0, reserve}, disk.calls());
  space.make_room(3, mebibyte, [] {
    FAIL("asked for what costs a walk");
    return std::uint64_t{0};
  });
}

TEST_CASE("a limit is like a full disk, with a reserve of at most a quarter (J-6.5)") {
  FakeDisk disk(100 * 1024 * mebibyte);
  Space space({40 * mebibyte, reserve}, disk.calls());
  CHECK(space.make_room(3, 4 * mebibyte, nothing_inside) == (40 - 4 - 10 - 4) * mebibyte / 3);
  CHECK(disk.end == 40 * mebibyte);
  CHECK(space.make_room(3, 30 * mebibyte, nothing_inside) == 0);
  CHECK(disk.end == 40 * mebibyte);
}

TEST_CASE("under any limit an emptied journal has room for an eighth of it (J-6.5)") {
  constexpr std::uint64_t own_pages = 64 << 10U;  // of the journal's tables, never free
  for (const std::uint64_t megabytes : {2U, 3U, 8U, 16U, 43U, 64U, 100U, 500U, 1000U, 3000U}) {
    const std::uint64_t limit = megabytes * mebibyte;
    FakeDisk disk(100 * 1024 * mebibyte);
    const std::uint64_t largest = std::min(lmdb::largest_job(limit), 64 * mebibyte);
    Space space({limit, reserve, largest}, disk.calls());
    std::uint64_t used = own_pages;
    REQUIRE(space.make_room(3, used, nothing_inside) >= largest);
    // Filled as far as it goes, then drained: the file keeps its length.
    while (const std::uint64_t room = space.make_room(3, used, nothing_inside)) used += room;
    CHECK_MESSAGE(space.make_room(3, used, [&] { return used - own_pages; }) >= largest, megabytes);
  }
}

TEST_CASE("the largest job that may be has room while the disk has (J-6.1)") {
  FakeDisk disk(900 * mebibyte);
  Space space({0, reserve, 60 * mebibyte}, disk.calls());
  for (std::uint64_t used = mebibyte; used < 300 * mebibyte; used += 10 * mebibyte) {
    REQUIRE(space.make_room(3, used, nothing_inside) >= 60 * mebibyte);
  }
}

TEST_CASE("without fallocate the free space of the disk counts (J-6.6)") {
  FakeDisk disk(100 * mebibyte);
  disk.error = EOPNOTSUPP;
  Space space({0, reserve}, disk.calls());
  CHECK(space.make_room(3, 4 * mebibyte, nothing_inside) == (100 - 16 - 4) * mebibyte / 3);
  disk.free = 10 * mebibyte;
  CHECK(space.make_room(3, 94 * mebibyte, nothing_inside) == 0);
  CHECK(disk.reservations == 1);
}

TEST_CASE("room that others free is found again") {
  FakeDisk disk(20 * mebibyte);
  Space space({0, reserve}, disk.calls());
  CHECK(space.make_room(3, 10 * mebibyte, nothing_inside) == 0);
  disk.free += 500 * mebibyte;
  CHECK(space.make_room(3, 10 * mebibyte, nothing_inside) > 0);
}

TEST_CASE("a disk that fails to reserve is full, not fatal") {
  FakeDisk disk(1000 * mebibyte);
  disk.error = EIO;
  Space space({0, reserve}, disk.calls());
  CHECK(space.make_room(3, mebibyte, nothing_inside) == 0);
}

TEST_CASE("gauges tell used, free and reserved bytes and a reader that holds them (J-11.1)") {
  const TemporaryDirectory directory;
  FakeDisk disk(100 * 1024 * mebibyte);
  lmdb::LmdbJournal journal({directory.journal(), 0, reserve, disk.calls()});
  journal.open();
  Author author;
  std::vector<core::Record> jobs;
  std::vector<core::Record> removals;
  for (Sequence i = 1; i <= 3000; ++i) {
    jobs.emplace_back(job_of({1, 5, i}, 1000));
    removals.emplace_back(core::RemoveJob{{1, 5, i}, core::Place::ready, {}, 0});
  }
  journal.commit(author.batch(std::move(jobs)));
  const journal::Gauges full = journal.gauges();
  CHECK(full.file_bytes > 3000 * 1000);
  CHECK(full.reserved_bytes > reserve);
  CHECK(full.oldest_reader_lags == 0);
  journal.commit(author.batch(std::move(removals)));
  const journal::Gauges drained = journal.gauges();
  CHECK(drained.free_bytes > 3000 * 1000);
  CHECK(drained.file_bytes >= full.file_bytes);
}

TEST_CASE("a steady flow of jobs uses the same pages again") {
  const TemporaryDirectory directory;
  lmdb::LmdbJournal journal({directory.journal(), 0, reserve, endless_disk()});
  journal.open();
  Author author;
  Sequence next = 1;
  std::uint64_t early = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<core::Record> records;
    for (int i = 0; i < 100; ++i, ++next) {
      records.emplace_back(job_of({1, 5, next}, 1500));
      if (next > 500)
        records.emplace_back(core::RemoveJob{{1, 5, next - 500}, core::Place::ready, {}, 0});
    }
    journal.commit(author.batch(std::move(records)));
    if (round == 50) early = journal.gauges().file_bytes;
  }
  CHECK(journal.gauges().file_bytes <= early + early / 4);
}
