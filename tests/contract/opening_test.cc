// What may stand in a journal's directory, and what becomes of it.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "fixtures.h"
#include "journal/keys.h"
#include "journal/row_codec.h"
#include "lmdb/check.h"
#include "lmdb/page_layout.h"
#include "raw_file.h"

using namespace zcrew;
using namespace zcrew::test;
using journal::OpenError;
using journal::OpenFailure;
namespace layout = journal::layout;
namespace fs = std::filesystem;

namespace {

struct Refusal {
  OpenFailure why{};
  std::string text;
};

std::optional<Refusal> open_once(const std::string& directory) {
  try {
    lmdb::LmdbJournal({directory}).open();
    return std::nullopt;
  } catch (const OpenError& error) {
    return Refusal{error.why(), error.what()};
  }
}

bool refused(const std::string& directory, OpenFailure why, const std::string& part = "") {
  const auto refusal = open_once(directory);
  if (!refusal) return false;
  INFO(refusal->text);
  CHECK(refusal->why == why);
  CHECK(refusal->text.find(part) != std::string::npos);
  return true;
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// A journal with some jobs.
std::string made_journal(const TemporaryDirectory& directory) {
  lmdb::LmdbJournal journal({directory.journal()});
  journal.open();
  Author author;
  std::vector<core::Record> records;
  for (Sequence i = 1; i <= 2000; ++i) records.emplace_back(job_of({1, 5, i}, 500));
  journal.commit(author.batch(std::move(records)));
  return directory.journal();
}

}  // namespace

TEST_CASE("a missing directory is made, with its parents") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/a/b/journal";
  CHECK_FALSE(open_once(path).has_value());
  CHECK(fs::exists(path + "/data.mdb"));
}

TEST_CASE("a journal is for its user only") {
  const TemporaryDirectory directory;
  const std::string path = made_journal(directory);
  const auto others = fs::perms::group_all | fs::perms::others_all;
  CHECK((fs::status(path).permissions() & others) == fs::perms::none);
  for (const char* name : {"data.mdb", "lock.mdb", "lock"})
    CHECK((fs::status(path + "/" + name).permissions() & others) == fs::perms::none);
}

TEST_CASE("a second opening is refused while the first lives, naming the process (J-7.1)") {
  const TemporaryDirectory directory;
  {
    lmdb::LmdbJournal journal({directory.journal()});
    journal.open();
    CHECK(
        refused(directory.journal(), OpenFailure::locked, "process " + std::to_string(::getpid())));
  }
  CHECK_FALSE(open_once(directory.journal()).has_value());
}

TEST_CASE("a journal of a newer format is refused and not changed (J-7.2)") {
  const TemporaryDirectory directory;
  const std::string path = made_journal(directory);
  RawFile(path).rewrite(layout::db::meta, layout::format_row, [](const std::string&) {
    return journal::write_format(layout::format_version + 1);
  });
  const std::string before = content(path + "/data.mdb");
  CHECK(refused(path, OpenFailure::newer_version, "newer"));
  CHECK(content(path + "/data.mdb") == before);
}

TEST_CASE("a journal of format 1 opens with its jobs and is of format 2 then (J-7.9)") {
  const TemporaryDirectory directory;
  const std::string path = directory.journal();
  Author author;
  {
    lmdb::LmdbJournal journal({path});
    journal.open();
    journal.commit(author.batch(apart({job_of({1, 5, 1}), job_of({1, 5, 2})})));
  }
  RawFile(path).change([](MDB_txn* transaction) {
    const MDB_dbi bundles = RawFile::database(transaction, layout::db::bundles);
    lmdb::check("drop", mdb_drop(transaction, bundles, 1));
    lmdb::put(transaction, RawFile::database(transaction, layout::db::meta), layout::format_row,
              journal::write_format(1));
  });
  CHECK(lmdb::check_journal(path).ok);
  {
    lmdb::LmdbJournal journal({path});
    journal.open();
    journal.commit(author.batch({job_of({1, 5, 3}), job_of({1, 5, 4})}));
    CHECK(journal.read_ready({1, 5, 0, 0, 9, 9999}).jobs.size() == 4);
  }
  CHECK(lmdb::check_journal(path).ok);
  RawFile(path).change([](MDB_txn* transaction) {
    const auto row = lmdb::get(transaction, RawFile::database(transaction, layout::db::meta),
                               layout::format_row);
    CHECK(journal::read_format(row.value()).value() == 2);
  });
}

TEST_CASE("a path that is no directory is refused with its name (J-7.3)") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/file";
  write_file(path, "hello");
  CHECK(refused(path, OpenFailure::io, path));
  CHECK(refused(path + "/below", OpenFailure::io, path));
}

TEST_CASE("a directory that cannot be written is refused (J-7.3)") {
  if (::geteuid() == 0) {
    // root may write anywhere but where there is nothing to write to
    CHECK(refused("/proc/self/zcrew-journal", OpenFailure::io, "/proc"));
    return;
  }
  const TemporaryDirectory directory;
  fs::create_directory(directory.journal());
  fs::permissions(directory.journal(), fs::perms::owner_read | fs::perms::owner_exec);
  CHECK(refused(directory.journal(), OpenFailure::io, directory.journal()));
  fs::permissions(directory.journal(), fs::perms::owner_all);
}

TEST_CASE("a data.mdb that is no LMDB file is refused and not changed (J-7.4)") {
  const TemporaryDirectory directory;
  fs::create_directory(directory.journal());
  const std::string file = directory.journal() + "/data.mdb";
  for (const std::string& bytes :
       {std::string("x"), std::string(100, 'x'), std::string(100000, '\0')}) {
    write_file(file, bytes);
    CHECK(refused(directory.journal(), OpenFailure::not_a_journal, file));
    CHECK(content(file) == bytes);
  }
}

TEST_CASE("an LMDB file of another program is refused and not changed (J-7.4)") {
  const TemporaryDirectory directory;
  const auto foreign = [&](const char* name) {
    fs::create_directory(directory.path() + "/" + name);
    return directory.path() + "/" + name;
  };
  const std::string plain = foreign("plain");  // rows without named databases
  RawFile(plain).change([](MDB_txn* transaction) {
    MDB_dbi main = 0;
    lmdb::check("open", mdb_dbi_open(transaction, nullptr, 0, &main));
    lmdb::put(transaction, main, "meta", "value");
  });
  const std::string named = foreign("named");  // a database of the same name
  RawFile(named).change([](MDB_txn* transaction) {
    lmdb::put(transaction, RawFile::database(transaction, "meta", MDB_CREATE), "key", "value");
  });
  const std::string odd = foreign("odd");  // even with a row of the same name
  RawFile(odd).change([](MDB_txn* transaction) {
    lmdb::put(transaction, RawFile::database(transaction, "meta", MDB_CREATE), "format", "1");
  });
  for (const std::string& path : {plain, named, odd}) {
    const std::string before = content(path + "/data.mdb");
    CHECK(refused(path, OpenFailure::not_a_journal, path));
    CHECK(content(path + "/data.mdb") == before);
  }
}

TEST_CASE("a journal cut short anywhere is refused (J-7.5)") {
  const TemporaryDirectory directory;
  const std::string path = made_journal(directory);
  const std::string file = path + "/data.mdb";
  std::string whole = content(file);
  std::uint64_t used = 0;
  {
    const RawFile raw(path);
    used = raw.environment().used_bytes();
  }
  REQUIRE(whole.size() >= used);
  for (const std::uint64_t length : {used - 1, used - 4096, used / 2, std::uint64_t{8192},
                                     std::uint64_t{5000}, std::uint64_t{1}}) {
    CAPTURE(length);
    write_file(file, whole.substr(0, length));
    CHECK(refused(path, OpenFailure::corrupt));
    CHECK(fs::file_size(file) == length);
  }
  write_file(file, whole);
  CHECK_FALSE(open_once(path).has_value());
}

TEST_CASE("a journal whose file is gone or empty is not replaced by a new one (J-7.5)") {
  const TemporaryDirectory directory;
  const std::string path = made_journal(directory);
  write_file(path + "/data.mdb", "");
  CHECK(refused(path, OpenFailure::corrupt, "empty"));
  fs::remove(path + "/data.mdb");
  CHECK(refused(path, OpenFailure::corrupt, "missing"));
  CHECK_FALSE(fs::exists(path + "/data.mdb"));
}

// Where the number of the last commit but `back` stands.
std::size_t commit_offset(const std::string& bytes, std::size_t back) {
  const auto commit = [&](std::size_t page) {
    return lmdb::number_at<std::uint64_t>(bytes, page * page_bytes + lmdb::meta_commit);
  };
  const std::size_t last = commit(0) > commit(1) ? 0 : 1;
  return (back == 0 ? last : 1 - last) * page_bytes + lmdb::meta_commit;
}

TEST_CASE("a wrong bit in what says which commit is the last one is refused (J-7.8)") {
  const TemporaryDirectory directory;
  const std::string path = directory.journal();
  const std::string file = path + "/data.mdb";
  for (int i = 0; i < 4; ++i) CHECK_FALSE(open_once(path).has_value());  // each commits an epoch
  const std::string whole = content(file);
  for (const std::size_t back : {std::size_t{0}, std::size_t{1}})
    for (std::size_t bit = 0; bit < 64; ++bit) {
      CAPTURE(back);
      CAPTURE(bit);
      const std::size_t offset = commit_offset(whole, back);
      // The last commit two numbers back looks as one that failed: the next test.
      if (back == 0 && bit == 1 && (whole[offset] & 2) != 0) continue;
      std::string damaged = whole;
      damaged[offset + bit / 8] = static_cast<char>(damaged[offset + bit / 8] ^ (1 << bit % 8));
      write_file(file, damaged);
      CHECK(refused(path, OpenFailure::corrupt));
      CHECK(content(file) == damaged);
    }
  write_file(file, whole);
  CHECK_FALSE(open_once(path).has_value());
}

TEST_CASE("a commit number that LMDB took back because a write failed is no damage") {
  const TemporaryDirectory directory;
  const std::string path = directory.journal();
  const std::string file = path + "/data.mdb";
  for (int i = 0; i < 4; ++i) CHECK_FALSE(open_once(path).has_value());
  std::string bytes = content(file);
  const std::size_t offset = commit_offset(bytes, 0);
  const std::uint64_t taken_back = lmdb::number_at<std::uint64_t>(bytes, offset) - 2;
  std::memcpy(bytes.data() + offset, &taken_back, sizeof taken_back);
  write_file(file, bytes);
  CHECK_FALSE(open_once(path).has_value());
}

TEST_CASE("a number of pages that no journal has is refused (J-7.8)") {
  const TemporaryDirectory directory;
  const std::string path = directory.journal();
  CHECK_FALSE(open_once(path).has_value());
  std::string bytes = content(path + "/data.mdb");
  bytes[lmdb::meta_last_page + 5] = 1;  // times 2^40
  write_file(path + "/data.mdb", bytes);
  CHECK(refused(path, OpenFailure::corrupt, "more pages"));
}

TEST_CASE("LMDB pages that were never written at the end are no damage") {
  const TemporaryDirectory directory;
  const std::string path = made_journal(directory);
  std::uint64_t used = 0;
  {
    // Pages at the end that are taken and freed in one commit are counted by LMDB, and not written
    // if it has other free pages already.
    RawFile raw(path);
    for (int i = 0; i < 6; ++i)
      raw.change([&](MDB_txn* transaction) {
        lmdb::put(transaction, RawFile::database(transaction, layout::db::dead), "key",
                  std::to_string(i));
      });
    raw.change([](MDB_txn* transaction) {
      const MDB_dbi dead = RawFile::database(transaction, layout::db::dead);
      for (int i = 0; i < 50; ++i)
        lmdb::put(transaction, dead, "key" + std::to_string(i), std::string(4000, 'x'));
      for (int i = 0; i < 50; ++i) lmdb::erase(transaction, dead, "key" + std::to_string(i));
    });
    used = raw.environment().used_bytes();
  }
  REQUIRE(fs::file_size(path + "/data.mdb") < used);
  CHECK_FALSE(open_once(path).has_value());
  CHECK(fs::file_size(path + "/data.mdb") >= used);
}

TEST_CASE("what a process that died while making a journal left is opened as new (J-7.6)") {
  const TemporaryDirectory directory;
  fs::create_directory(directory.journal());
  SUBCASE("only the lock") {
    write_file(directory.journal() + "/lock", "zcrew startup\nprocess 1\n");
  }
  SUBCASE("an empty file") { write_file(directory.journal() + "/data.mdb", ""); }
  SUBCASE("an empty environment") { const RawFile raw(directory.journal()); }
  SUBCASE("a file of which a power loss left nothing but its length") {
    write_file(directory.journal() + "/lock", "zcrew startup\nprocess 1\n");
    write_file(directory.journal() + "/data.mdb", std::string(8192, '\0'));
  }
  SUBCASE("a file of which a power loss left one page, or a little more") {
    { const RawFile raw(directory.journal()); }
    write_file(directory.journal() + "/lock", "zcrew startup\nprocess 1\n");
    std::uintmax_t length = 0;
    SUBCASE("") { length = 4096; }
    SUBCASE("") { length = 4096 + 512; }
    fs::resize_file(directory.journal() + "/data.mdb", length);
  }
  lmdb::LmdbJournal journal({directory.journal()});
  CHECK(journal.open().epoch == 1);
}

TEST_CASE("another program's file is refused again and again, and stays (J-7.4)") {
  const TemporaryDirectory directory;
  const std::string file = directory.journal() + "/data.mdb";
  fs::create_directory(directory.journal());
  write_file(file, std::string(8192, '\0'));
  for (int i = 0; i < 3; ++i) {
    CHECK(refused(directory.journal(), OpenFailure::not_a_journal, "not a zcrew journal"));
    CHECK(content(file) == std::string(8192, '\0'));
  }
}

TEST_CASE("a small table that does not verify refuses the opening (J-7.7)") {
  const auto damage = [](std::string_view database, std::string_view key) {
    const TemporaryDirectory directory;
    const std::string path = directory.journal();
    {
      lmdb::LmdbJournal journal({path});
      journal.open();
      Author author;
      author.set_sessions({{uuid_of(1), 1, {}, {}}});
      journal.commit(
          author.batch({job_of({1, 5, 1}), core::PutHeld{{{1, 5, 1}, 1, 1}, {}, {}, {}, 1},
                        core::PutInstance{uuid_of(1), "w", {}}}));
    }
    RawFile(path).rewrite(database, key,
                          [](const std::string& record) { return flipped(record, 100); });
    const auto before = content(path + "/data.mdb");
    CHECK(refused(path, OpenFailure::corrupt, std::string(database)));
  };
  damage(layout::db::meta, layout::epoch_row);
  damage(layout::db::meta, layout::sequences_row);
  damage(layout::db::meta, layout::commit_row);
  damage(layout::db::queues, journal::queue_key(1).view());
  damage(layout::db::counts, journal::queue_key(1).view());
  damage(layout::db::held, journal::job_key({1, 5, 1}).view());
  damage(layout::db::instances, journal::uuid_key(uuid_of(1)).view());
  damage(layout::db::sessions, journal::uuid_key(uuid_of(1)).view());
}

TEST_CASE("every database is there, and a missing one refuses the opening (J-2.7)") {
  const TemporaryDirectory directory;
  const std::string path = made_journal(directory);
  RawFile raw(path);
  raw.change([](MDB_txn* transaction) {
    for (const std::string_view name : layout::db::all) RawFile::database(transaction, name);
    lmdb::check("drop", mdb_drop(transaction, RawFile::database(transaction, "keys"), 1));
  });
  CHECK(refused(path, OpenFailure::corrupt, "keys"));
}

TEST_CASE("LMDB runs with its default sync and the large map (J-2.1)") {
  const TemporaryDirectory directory;
  const std::string path = made_journal(directory);
  const RawFile raw(path);
  unsigned flags = 0;
  lmdb::check("ask", mdb_env_get_flags(raw.environment().get(), &flags));
  CHECK((flags & (MDB_NOSYNC | MDB_NOMETASYNC | MDB_WRITEMAP | MDB_MAPASYNC)) == 0);
  MDB_envinfo info{};
  lmdb::check("ask", mdb_env_info(raw.environment().get(), &info));
  CHECK(info.me_mapsize == lmdb::map_bytes);
}
