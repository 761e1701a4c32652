// Flipped bits, lost records: Damaged, never wrong data; and the check reports them.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "journal/bundle_codec.h"
#include "journal/row_codec.h"
#include "journal_to_damage.h"

using namespace zcrew;
using namespace zcrew::test;
using journal::Damaged;
using journal::layout::Part;
namespace layout = journal::layout;

namespace {

journal::Batch only(core::Record record) {
  journal::Batch batch;
  batch.add(std::move(record));
  batch.last = 1;
  return batch;
}

std::string chunk(const JobId& id, Part part, std::uint32_t number) {
  return std::string(journal::chunk_key(id, part, number).view());
}

}  // namespace

TEST_CASE("a sound journal passes the check") {
  const Journal journal;
  const auto report = journal.check();
  for (const std::string& problem : report.problems) MESSAGE(problem);
  CHECK(report.ok);
  CHECK(report.problems_found == 0);
  CHECK(report.queues == 3);
  CHECK(report.ready == 3);
  CHECK(report.held == 1);
  CHECK(report.later == 1);
  CHECK(report.dead == 1);
  CHECK(report.results == 1);
  CHECK(report.sessions == 1);
  CHECK(report.instances == 1);
  CHECK(report.chunks == 6);
  CHECK(report.payload_bytes == 10250);
}

TEST_CASE("the check changes nothing, not even the epoch") {
  const Journal journal;
  journal.check();
  journal.check();
  lmdb::LmdbJournal again({journal.path});
  CHECK(again.open().epoch == 2);
}

TEST_CASE("the check refuses a journal in use (J-8.1)") {
  const Journal journal;
  OpenJournal user(journal.path);
  try {
    journal.check();
    FAIL("it was looked at");
  } catch (const journal::OpenError& error) {
    CHECK(error.why() == journal::OpenFailure::locked);
  }
}

TEST_CASE("the check refuses what is no journal and makes nothing there") {
  const TemporaryDirectory directory;
  CHECK_THROWS_AS(lmdb::check_journal(directory.journal()), journal::OpenError);
  CHECK_THROWS_AS(lmdb::check_journal(directory.path()), journal::OpenError);
}

TEST_CASE("a random flipped bit is damage, never wrong data, and is reported (J-5.7, J-8.2)") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  struct Victim {
    std::string_view database;
    std::string key;
    std::function<void(journal::Journal&)> read;
  };
  const std::vector<Victim> victims{
      {layout::db::ready, key(waiting),
       [](journal::Journal& it) {
         it.read_ready({1, 5, 0, 0, 9, 9999});
       }},
      {layout::db::ready, key(waiting),
       [](journal::Journal& it) {
         it.load_jobs({1, {waiting}});
       }},
      {layout::db::bundles, key(bundle),
       [](journal::Journal& it) {
         it.read_ready({3, 5, 0, 0, 9, 9999});
       }},
      {layout::db::bundles, key(bundle),
       [](journal::Journal& it) {
         it.load_jobs({1, {bundled}});
       }},
      {layout::db::bundles, key(bundle),
       [](journal::Journal& it) {
         it.commit(only(core::RemoveJob{bundled, core::Place::ready, {}, 0}));
       }},
      {layout::db::later, std::string(journal::due_key(due, delayed).view()),
       [](journal::Journal& it) {
         it.read_later({{}, {}, due, 9});
       }},
      {layout::db::where, key(delayed),
       [](journal::Journal& it) {
         it.load_payload({delayed, core::Place::later});
       }},
      {layout::db::dead, key(dead), [](journal::Journal& it) { it.read_dead(0, {}, 9); }},
      {layout::db::results, key(ended),
       [](journal::Journal& it) {
         it.load_results({1, {ended}});
       }},
      {layout::db::blobs, chunk(large, Part::payload, 1),
       [](journal::Journal& it) {
         it.load_payload({large, core::Place::ready});
       }},
      {layout::db::blobs, chunk(ended, Part::result, 2),
       [](journal::Journal& it) {
         it.load_results({1, {ended}});
       }},
      {layout::db::ready, key(waiting),
       [](journal::Journal& it) {
         it.commit(only(core::RemoveJob{waiting, core::Place::ready, {}, 0}));
       }},
      {layout::db::later, std::string(journal::due_key(due, delayed).view()),
       [](journal::Journal& it) {
         it.commit(only(core::MoveToReady{delayed, due}));
       }},
  };
  for (const Victim& victim : victims) {
    for (int round = 0; round < 5; ++round) {
      const Journal journal;
      RawFile(journal.path).rewrite(victim.database, victim.key, [&](const std::string& record) {
        return flipped(record, random() % (record.size() * 8));
      });
      CHECK(reports(journal.check(), "`" + std::string(victim.database) + "`"));
      CHECK(is_damage([&] {
        OpenJournal opened(journal.path);
        victim.read(opened);
      }));
    }
  }
}

TEST_CASE("a journal whose file was removed takes no commit") {
  const Journal journal;
  OpenJournal opened(journal.path);
  std::filesystem::remove(journal.path + "/data.mdb");
  CHECK_THROWS_WITH_AS(opened.commit(only(core::RemoveHeld{waiting})),
                       doctest::Contains("was removed while the router ran"), Damaged);
}

TEST_CASE("after a failed commit nothing is committed any more (J-4.6)") {
  const Journal journal;
  OpenJournal opened(journal.path);
  const core::RemoveJob nowhere{{3, 0, 99}, core::Place::ready, {}, 0};
  const core::RemoveJob sound{waiting, core::Place::ready, {}, 0};
  CHECK_THROWS_AS(opened.commit(only(nowhere)), journal::JournalError);
  CHECK_THROWS_AS(opened.commit(only(sound)), journal::JournalError);
  CHECK(opened.load_jobs({1, {waiting}}).jobs.at(0).place == core::Place::ready);
}

TEST_CASE("damage names database and key (J-5.7)") {
  const Journal journal;
  RawFile(journal.path).rewrite(layout::db::ready, key(waiting), [](const std::string& record) {
    return flipped(record, 300);
  });
  OpenJournal opened(journal.path);
  try {
    opened.load_jobs({1, {waiting}});
    FAIL("wrong data was returned");
  } catch (const Damaged& error) {
    const std::string text = error.what();
    CHECK(text.find("q1p5n1") != std::string::npos);
    CHECK(text.find("`ready`") != std::string::npos);
  }
}

// The first job of its queue and priority as it stands on the disk, so that a key can be changed in
// place: LMDB itself would put another key to another place.
void flip_key(const std::string& journal, const JobId& id, std::size_t bit) {
  const std::string file = journal + "/data.mdb";
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  std::string data = bytes.str();
  const std::string name = key(id);
  for (auto at = data.find(name); at != std::string::npos; at = data.find(name, at + 1)) {
    std::string changed = flipped(name, bit);
    data.replace(at, name.size(), changed);
  }
  std::ofstream(file, std::ios::binary) << data;
}

// The record with that key is of the job.
void miss_none_with_flipped_key(void (*fill)(journal::Journal&), const JobId& of, const JobId& id) {
  for (const std::size_t bit : {3U, 24U, 30U, 38U, 96U, 103U}) {
    CAPTURE(bit);
    const TemporaryDirectory directory;
    {
      OpenJournal journal(directory.journal());
      fill(journal);
    }
    flip_key(directory.journal(), of, bit);
    CHECK_FALSE(lmdb::check_journal(directory.journal()).ok);
    OpenJournal journal(directory.journal());
    CHECK_THROWS_AS(journal.read_ready({2, 5, 0, 0, 99, 99999}), Damaged);
    CHECK_THROWS_AS(journal.load_jobs({1, {id}}), Damaged);
    CHECK_THROWS_AS(journal.commit(only(core::RemoveJob{id, core::Place::ready, {}, 0})), Damaged);
  }
}

TEST_CASE("a flipped key does not hide its record or those beside it (J-5.8, J-8.2)") {
  const auto fill = [](journal::Journal& journal) {
    Author author;
    std::vector<core::PutJob> jobs;
    for (Sequence i = 1; i <= 9; ++i) jobs.push_back(job_of({2, 5, i}));
    journal.commit(author.batch(apart(jobs)));
  };
  miss_none_with_flipped_key(fill, {2, 5, 5}, {2, 5, 5});
}

TEST_CASE("a flipped key does not hide its bundle or those beside it (J-5.8, J-8.2)") {
  const auto fill = [](journal::Journal& journal) {
    Author author;
    journal.commit(author.batch(bundles_of({2, 5, 1}, 3)));
  };
  miss_none_with_flipped_key(fill, {2, 5, 8}, {2, 5, 6});
}

TEST_CASE("the last key damaged while the journal is open is met by the next bundle (J-5.8)") {
  const TemporaryDirectory directory;
  OpenJournal journal(directory.journal());
  Author author;
  journal.commit(author.batch({job_of({2, 5, 1}), job_of({2, 5, 2})}));
  const std::string file = directory.journal() + "/data.mdb";
  const std::string name = key({2, 5, 2});
  const std::string data = content(file);
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  for (auto at = data.find(name); at != std::string::npos; at = data.find(name, at + 1)) {
    out.seekp(static_cast<std::streamoff>(at));
    out.put(0x40);  // it is above all others now
  }
  out.close();
  CHECK_THROWS_AS(journal.commit(author.batch({job_of({2, 5, 3}), job_of({2, 5, 4})})), Damaged);
}

TEST_CASE("a lost chunk is damage and is reported (J-5.7, J-8.4)") {
  for (const std::uint32_t number : {0U, 1U, 2U}) {
    const Journal journal;
    RawFile(journal.path).erase(layout::db::blobs, chunk(large, Part::payload, number));
    CHECK(reports(journal.check(), "q2p5n4"));
    OpenJournal opened(journal.path);
    CHECK_THROWS_AS(opened.load_payload({large, core::Place::ready}), Damaged);
  }
}

TEST_CASE("chunks that belong to nothing, or are too many, are reported (J-8.4)") {
  const auto with_chunk = [](const JobId& id, Part part, std::uint32_t number) {
    const Journal journal;
    RawFile(journal.path).change([&](MDB_txn* transaction) {
      std::string record(layout::envelope_bytes + 5, 'x');
      const std::string name = chunk(id, part, number);
      journal::seal(layout::Kind::chunk, name, record.data(), record.size());
      lmdb::put(transaction, RawFile::database(transaction, layout::db::blobs), name, record);
    });
    return journal.check();
  };
  CHECK(reports(with_chunk(waiting, Part::payload, 0), "belongs to no job"));
  CHECK(reports(with_chunk(large, Part::result, 0), "belongs to no job"));
  CHECK(reports(with_chunk(large, Part::payload, 3), "bytes where there should be"));
  CHECK(reports(with_chunk(ended, Part::result, 9), "is missing"));
}

TEST_CASE("a job in two places is reported (J-8.3)") {
  const Journal journal;
  RawFile(journal.path).change([](MDB_txn* transaction) {
    const std::string record(
        lmdb::get(transaction, RawFile::database(transaction, layout::db::ready), key(waiting))
            .value());
    lmdb::put(transaction, RawFile::database(transaction, layout::db::dead), key(waiting), record);
  });
  CHECK(reports(journal.check(), "it is in `dead` too"));
}

TEST_CASE("a job in a bundle and elsewhere is reported, and met (J-8.3)") {
  const Journal journal;
  RawFile(journal.path).change([](MDB_txn* transaction) {
    const core::PutJob put = job_of(bundled, 50);
    const journal::JobView job = journal::view_of(put);
    std::string record(journal::job_record_size(layout::Kind::job, job), ' ');
    journal::write_job(layout::Kind::job, key(bundled), job, record.data());
    lmdb::put(transaction, RawFile::database(transaction, layout::db::ready), key(bundled), record);
  });
  CHECK(reports(journal.check(), "it is in `ready` too"));
  OpenJournal opened(journal.path);
  CHECK_THROWS_AS(opened.read_ready({3, 5, 0, 0, 9, 9999}), Damaged);
}

TEST_CASE("a bundled job that is in later or dead too is reported (J-8.3)") {
  for (const auto& database : {layout::db::where, layout::db::dead}) {
    const Journal journal;
    RawFile(journal.path).change([&](MDB_txn* transaction) {
      lmdb::put(transaction, RawFile::database(transaction, database), key(bundled), "x");
    });
    const bool is_dead = database == layout::db::dead;
    CHECK(reports(journal.check(), is_dead ? "q3p5n6 in `bundles`: it is in `dead` too"
                                           : "q3p5n6 in `bundles`: it is in `later` too"));
  }
}

TEST_CASE("bundles that overlap are reported (J-2.8, J-8.3)") {
  const Journal journal;
  RawFile(journal.path).change([](MDB_txn* transaction) {
    const core::PutJob first = job_of(bundled, 50);
    const core::PutJob last = job_of({3, 5, 8}, 50);
    journal::BundleDraft draft;
    REQUIRE(draft.add(first));
    REQUIRE(draft.add(last));
    std::string record(draft.record_bytes(), ' ');
    draft.write(key(last.id), record.data());
    lmdb::put(transaction, RawFile::database(transaction, layout::db::bundles), key(last.id),
              record);
  });
  CHECK(reports(journal.check(), "it overlaps the one before"));
  OpenJournal opened(journal.path);
  CHECK_THROWS_AS(opened.read_ready({3, 5, 0, 0, 9, 9999}), Damaged);
}

TEST_CASE("a held row of a job that has left its bundle is reported (J-8.3)") {
  const Journal journal;
  OpenJournal(journal.path).commit(only(core::RemoveJob{bundled, core::Place::ready, {}, 0}));
  RawFile(journal.path).change([](MDB_txn* transaction) {
    const core::PutHeld held{{bundled, 1, 1}, uuid_of(1), {}, {}, 1};
    lmdb::put(transaction, RawFile::database(transaction, layout::db::held), key(bundled),
              journal::write_held(key(bundled), held));
  });
  CHECK(reports(journal.check(), "in `held`: there is no such job that is ready"));
}

TEST_CASE("a held job of a bundle is ready (J-8.3)") {
  const Journal journal;
  const core::PutHeld held{{bundled, 1, 1}, uuid_of(1), {}, {}, 1};
  OpenJournal(journal.path).commit(only(held));
  CHECK_FALSE(reports_any(journal.check(), "in `held`"));
  OpenJournal(journal.path).commit(only(core::RemoveJob{bundled, core::Place::ready, {}, 0}));
  CHECK_FALSE(reports_any(journal.check(), "in `held`"));
}

TEST_CASE("later without where, and where without later, are reported (J-8.3)") {
  {
    const Journal journal;
    RawFile(journal.path).erase(layout::db::where, key(delayed));
    CHECK(reports(journal.check(), "it is not in `where`"));
  }
  const Journal journal;
  RawFile(journal.path).erase(layout::db::later, journal::due_key(due, delayed).view());
  CHECK(reports(journal.check(), "there is no such job in `later`"));
}

TEST_CASE("a held job that is not in ready is reported (J-8.3)") {
  const Journal journal;
  RawFile(journal.path).erase(layout::db::ready, key(waiting));
  CHECK(reports(journal.check(), "in `held`: there is no such job"));
}

TEST_CASE("counts and counters that do not fit are reported (J-8.5)") {
  const Journal journal;
  RawFile(journal.path).erase(layout::db::ready, key(large));
  const auto report = journal.check();
  CHECK(reports(report, "queue 2 (queue-2): 1 ready or held jobs counted, 0 found"));
  CHECK(reports(report, "10000 payload bytes counted, 0 found"));
  CHECK(reports(report, "the counters do not add up: 6 jobs accepted, 5 are there"));
}

TEST_CASE("jobs of no queue and sequences never reserved are reported (J-8.6)") {
  const Journal journal;
  RawFile(journal.path).erase(layout::db::queues, journal::queue_key(1).view());
  CHECK(reports(journal.check(), "its queue does not exist"));
  RawFile(journal.path).rewrite(layout::db::meta, layout::sequences_row, [](const std::string&) {
    return journal::write_sequences(4);
  });
  CHECK(reports(journal.check(), "q2p5n4 in `ready`: its sequence was never reserved"));
}

TEST_CASE("results without their index and the reverse are reported (J-8.7)") {
  {
    const Journal journal;
    RawFile(journal.path)
        .erase(layout::db::results_by_expiry, journal::due_key(from_ms(777), ended).view());
    CHECK(reports(journal.check(), "it is not in `results_by_expiry`"));
  }
  const Journal journal;
  RawFile(journal.path).erase(layout::db::results, key(ended));
  CHECK(reports(journal.check(), "there is no such result"));
}

TEST_CASE("at most 100 problems are listed and all are counted (J-8.8)") {
  const TemporaryDirectory directory;
  {
    OpenJournal journal(directory.journal());
    Author author;
    std::vector<core::Record> records;
    for (Sequence i = 1; i <= 300; ++i) records.emplace_back(job_of({1, 5, i}));
    journal.commit(author.batch(std::move(records)));
  }
  RawFile(directory.journal()).erase(layout::db::queues, journal::queue_key(1).view());
  const auto report = lmdb::check_journal(directory.journal());
  CHECK_FALSE(report.ok);
  CHECK(report.problems.size() == 100);
  CHECK(report.problems_found >= 300);
}
