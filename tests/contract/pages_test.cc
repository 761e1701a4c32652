// Damaged pages, of which no record says anything: missed by whoever reads, and by the check.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "journal/layout.h"
#include "journal_to_damage.h"
#include "lmdb/page_layout.h"

using namespace zcrew;
using namespace zcrew::test;
using journal::Damaged;

namespace {

void shorten_list(std::string& data, std::size_t page) {
  char& low = data[page + lmdb::page_lower];
  low = static_cast<char>(low - 2);
}

// The list of rows of each page that has the job's becomes one shorter, so that no search sees the
// last row, and all others are as they were.
void hide_last_row(const std::string& journal, const JobId& id) {
  std::string data = content(journal + "/data.mdb");
  const std::string name = key(id);
  std::size_t changed = 0;  // the last page that was; this one has no rows
  for (auto at = data.find(name); at != std::string::npos; at = data.find(name, at + 1)) {
    const std::size_t page = at - at % page_bytes;
    if (std::exchange(changed, page) == page) continue;
    shorten_list(data, page);
  }
  std::ofstream(journal + "/data.mdb", std::ios::binary) << data;
}

// Leaves the last page out of the list of each branch page. The number of those.
std::size_t hide_last_pages(const std::string& journal) {
  std::string data = content(journal + "/data.mdb");
  std::size_t branches = 0;
  for (std::size_t page = 2 * page_bytes; page < data.size(); page += page_bytes) {
    if (lmdb::number_at<std::uint16_t>(data, page + lmdb::page_flags) != lmdb::branch_page)
      continue;
    ++branches;
    shorten_list(data, page);
  }
  std::ofstream(journal + "/data.mdb", std::ios::binary) << data;
  return branches;
}

// The page at the root of one of the trees that the last commit's meta page names.
std::size_t root_page(const std::string& data, std::size_t tree) {
  const auto commit = [&](std::size_t page) {
    return lmdb::number_at<std::uint64_t>(data, page * page_bytes + lmdb::meta_commit);
  };
  const std::size_t meta = commit(0) > commit(1) ? 0 : page_bytes;
  return lmdb::tree_at(data, meta + tree).root * page_bytes;
}

}  // namespace

TEST_CASE("a row that its page's list leaves out is missed (J-5.9, J-8.9)") {
  const JobId last{2, 5, 8};
  enum class Row { job, bundle, result };
  for (const Row row : {Row::job, Row::bundle, Row::result}) {
    CAPTURE(static_cast<int>(row));
    const TemporaryDirectory directory;
    {
      OpenJournal journal(directory.journal());
      Author author;
      std::vector<core::PutJob> jobs;
      std::vector<core::Record> results;
      for (Sequence i = 1; i <= last.sequence; ++i) {
        jobs.push_back(job_of({2, 5, i}));
        results.emplace_back(result_of({2, 5, i}, 777, 20));
      }
      if (row == Row::job) journal.commit(author.batch(apart(jobs)));
      if (row == Row::bundle) journal.commit(author.batch(bundles_of({2, 5, 1}, 2)));
      if (row == Row::result) journal.commit(author.batch(std::move(results)));
    }
    hide_last_row(directory.journal(), last);
    CHECK_FALSE(lmdb::check_journal(directory.journal()).ok);
    if (row == Row::result) {  // their ids are read at the start
      CHECK(is_damage([&] { OpenJournal{directory.journal()}; }));
      continue;
    }
    OpenJournal journal(directory.journal());
    CHECK_THROWS_AS(journal.read_ready({2, 5, 0, 0, 99, 99999}), Damaged);
    CHECK_THROWS_AS(journal.load_jobs({1, {last}}), Damaged);
    CHECK_THROWS_AS(journal.load_payload({last, core::Place::ready}), Damaged);
  }
}

TEST_CASE("a list of tables that names too many is no list (J-5.9, J-8.9)") {
  const Journal journal;
  std::string data = content(journal.path + "/data.mdb");
  char& low = data[root_page(data, lmdb::meta_main_tree) + lmdb::page_lower];
  low = static_cast<char>(low + 2);  // what stands there was a table once, or never one
  std::ofstream(journal.path + "/data.mdb", std::ios::binary) << data;
  CHECK_FALSE(journal.check().ok);
  CHECK(is_damage([&] { OpenJournal{journal.path}; }));
}

TEST_CASE("free pages out of order are reported (J-8.9)") {
  const Journal journal;
  std::string data = content(journal.path + "/data.mdb");
  const std::size_t page = root_page(data, lmdb::meta_free_tree);
  REQUIRE((lmdb::number_at<std::uint16_t>(data, page + lmdb::page_flags) & lmdb::leaf_page) != 0);
  constexpr std::size_t number = sizeof(std::uint64_t);
  const auto node = lmdb::number_at<std::uint16_t>(data, page + lmdb::page_header);
  const auto list =
      data.begin() + static_cast<std::ptrdiff_t>(page + node + lmdb::node_header + number);
  REQUIRE(list[0] >= 2);  // of them; the key is the number of the commit that freed them
  std::swap_ranges(list + number, list + 2 * number, list + 2 * number);
  std::ofstream(journal.path + "/data.mdb", std::ios::binary) << data;
  CHECK(reports(journal.check(), "a list of free pages is out of order"));
}

TEST_CASE("a page that the list of its branch leaves out is missed (J-5.9, J-8.9)") {
  for (const bool in_bundles : {false, true}) {
    CAPTURE(in_bundles);
    const TemporaryDirectory directory;
    // Some of them fill a page.
    const Sequence jobs = in_bundles ? 4 * 400 : 100;
    {
      OpenJournal journal(directory.journal());
      Author author;
      if (in_bundles) {
        journal.commit(author.batch(bundles_of({2, 5, 1}, jobs / 4)));
      } else {
        std::vector<core::PutJob> singles;
        for (Sequence i = 1; i <= jobs; ++i) singles.push_back(job_of({2, 5, i}));
        journal.commit(author.batch(apart(singles)));
      }
    }
    REQUIRE(hide_last_pages(directory.journal()) == 1);
    CHECK_FALSE(lmdb::check_journal(directory.journal()).ok);
    OpenJournal journal(directory.journal());
    CHECK_THROWS_AS(
        journal.read_ready({2, 5, 0, 0, static_cast<std::uint32_t>(2 * jobs), 2 * mebibyte}),
        Damaged);
    CHECK_THROWS_AS(journal.load_jobs({1, {{2, 5, jobs}}}), Damaged);
    CHECK_THROWS_AS(journal.load_payload({{2, 5, jobs}, core::Place::ready}), Damaged);
  }
}

// Writes another number of pages into the header of each that holds these bytes.
void miscount_pages_of(const std::string& journal, const std::string& bytes) {
  std::string data = content(journal + "/data.mdb");
  for (auto at = data.find(bytes); at != std::string::npos; at = data.find(bytes, at + 1)) {
    char& pages = data[at - at % page_bytes + lmdb::page_header - sizeof(std::uint32_t)];
    if (pages == 1) pages = 2;
  }
  std::ofstream(journal + "/data.mdb", std::ios::binary) << data;
}

TEST_CASE("a bundle whose page says that it has two takes none with it (J-5.9, J-8.9)") {
  // From the least that LMDB gives a page for.
  for (const std::size_t record : {2018U, 2030U, 2048U, 2049U, 2110U}) {
    CAPTURE(record);
    const TemporaryDirectory directory;
    const JobId last{2, 5, 2};
    constexpr std::size_t without_payloads = journal::layout::envelope_bytes +
                                             journal::layout::bundle_fixed_bytes +
                                             2 * journal::layout::bundle_entry_bytes;
    const std::size_t payloads = record - without_payloads;
    {
      OpenJournal journal(directory.journal());
      Author author;
      journal.commit(
          author.batch({job_of({2, 5, 1}, payloads / 2), job_of(last, payloads - payloads / 2),
                        job_of({3, 5, 3}), job_of({3, 5, 4})}));  // the start reads the last
    }
    miscount_pages_of(directory.journal(), std::string(bytes_of(payloads / 2).view()));
    CHECK_FALSE(lmdb::check_journal(directory.journal()).ok);
    OpenJournal journal(directory.journal());
    CHECK_THROWS_AS(journal.read_ready({2, 5, 0, 0, 9, 9999}), Damaged);
    Author author(9);
    CHECK_THROWS_AS(
        journal.commit(author.batch({core::RemoveJob{last, core::Place::ready, {}, 0}})), Damaged);
  }
}

TEST_CASE("pages that are not what their place says are reported (J-8.9)") {
  std::size_t reported = 0;
  for (std::uint64_t page = 2;; ++page) {
    const Journal journal;
    const std::string file = journal.path + "/data.mdb";
    if ((page + 1) * 4096 > std::filesystem::file_size(file)) break;
    std::fstream data(file, std::ios::binary | std::ios::in | std::ios::out);
    data.seekp(static_cast<std::streamoff>(page * 4096));
    const std::uint64_t other = page ^ 4U;  // the number that it gives itself
    data.write(reinterpret_cast<const char*>(&other), sizeof other);
    data.close();
    const lmdb::CheckReport report = journal.check();
    if (!report.ok) CHECK(reports(report, "page " + std::to_string(page) + ": "));
    reported += report.ok ? 0 : 1;
  }
  CHECK(reported > 10);  // the others are free
}
