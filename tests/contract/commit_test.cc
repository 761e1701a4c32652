// What a commit must do, over every journal.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "fixtures.h"
#include "raw_file.h"

using namespace zcrew;
using namespace zcrew::test;
using core::Place;

namespace {

core::LoadedJob load(journal::Journal& journal, const JobId& id) {
  return journal.load_jobs({1, {id}}).jobs.at(0);
}

core::HistoryEntry entry(std::uint32_t attempt, const std::string& event = "failed") {
  return {from_ms(5000 + attempt), attempt, event, "w1", "text " + std::to_string(attempt)};
}

core::JobHeader header_with(std::uint32_t failures) {
  core::JobHeader header = job_of({}).header;
  header.failures = failures;
  return header;
}

core::MoveToDead to_dead(const JobId& id, Place place = Place::ready, WallTime due = {}) {
  core::MoveToDead move;
  move.id = id;
  move.place = place;
  move.due = due;
  move.header = header_with(5);
  move.reason = "failed";
  move.died_at = from_ms(9000);
  move.entry = entry(5);
  return move;
}

core::RemoveJob removal(const JobId& id, Place place = Place::ready, WallTime due = {}) {
  return {id, place, due, 0};
}

const JobId first{1, 5, 10};
const JobId second{1, 5, 11};

}  // namespace

TEST_CASE_TEMPLATE("what was committed is there after a restart (J-1.1)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  core::PutJob put = job_of(first, 100);
  put.header.time_limit_ms = 777;
  put.header.result = wire::ResultMode::caller;
  put.header.origin = {uuid_of(3), 4, 5};
  fixture.journal->commit(author.batch({put}));
  fixture.reopen();
  const core::LoadedJob job = load(*fixture.journal, first);
  CHECK(job.place == Place::ready);
  CHECK(job.header.time_limit_ms == 777);
  CHECK(job.header.result == wire::ResultMode::caller);
  CHECK(job.header.origin.session == uuid_of(3));
  CHECK(job.header.origin.batch == 4);
  CHECK(job.header.origin.index == 5);
  CHECK(job.payload.view() == put.payload.view());
}

TEST_CASE_TEMPLATE("every opening raises the epoch by one (J-1.3)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  CHECK(fixture.recovered.epoch == 1);
  fixture.reopen();
  CHECK(fixture.recovered.epoch == 2);
  fixture.reopen();
  CHECK(fixture.recovered.epoch == 3);
}

TEST_CASE_TEMPLATE("the sequence limit is the largest ever reserved (J-1.4)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  CHECK(fixture.recovered.sequence_limit == 1);
  journal::Batch batch;
  batch.last = 2;
  batch.add(core::ReserveSequences{5000});
  batch.add(core::ReserveSequences{4000});
  fixture.journal->commit(batch);
  fixture.reopen();
  CHECK(fixture.recovered.sequence_limit == 5000);
}

TEST_CASE_TEMPLATE("a job is in one place at a time (J-2.3, J-2.4)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  journal::Journal& journal = *fixture.journal;
  const WallTime due = from_ms(123456);
  const auto commit = [&](core::Record record) {
    journal.commit(author.batch({std::move(record)}));
  };

  commit(job_of(first));
  CHECK(load(journal, first).place == Place::ready);

  commit(core::MoveToLater{first, due, header_with(1), entry(1)});
  CHECK(load(journal, first).place == Place::later);
  CHECK(load(journal, first).due == due);
  CHECK(load(journal, first).header.failures == 1);
  CHECK(journal.read_ready({1, 5, 0, 0, 10, 1000}).jobs.empty());

  commit(core::MoveToReady{first, due});
  CHECK(load(journal, first).place == Place::ready);
  CHECK(journal.read_later({{}, {}, due, 10}).jobs.empty());

  commit(to_dead(first));
  CHECK(load(journal, first).place == Place::dead);
  CHECK(journal.read_dead(0, {}, 10).letters.size() == 1);

  commit(core::Redrive{first, header_with(0), entry(6, "redriven")});
  CHECK(load(journal, first).place == Place::ready);
  CHECK(journal.read_dead(0, {}, 10).letters.empty());

  commit(removal(first));
  CHECK(load(journal, first).place == Place::none);
}

TEST_CASE_TEMPLATE("a delayed job goes to later at once and may die or end there", Fixture,
                   InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  journal::Journal& journal = *fixture.journal;
  const WallTime due = from_ms(777);
  core::PutJob one = job_of(first);
  one.due = due;
  core::PutJob two = job_of(second);
  two.due = due;
  journal.commit(author.batch({one, two}));
  CHECK(load(journal, first).place == Place::later);
  journal.commit(
      author.batch({to_dead(first, Place::later, due), removal(second, Place::later, due)}));
  CHECK(load(journal, first).place == Place::dead);
  CHECK(load(journal, second).place == Place::none);
  journal.commit(author.batch({removal(first, Place::dead)}));
  CHECK(load(journal, first).place == Place::none);
}

TEST_CASE_TEMPLATE("a held row goes when its job leaves ready (J-2.3)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  const JobId third{1, 5, 12};
  const JobId fourth{1, 5, 13};
  const auto held = [](const JobId& id) {
    return core::PutHeld{{id, 1, 1}, uuid_of(7), from_ms(1), from_ms(2), 1};
  };
  fixture.journal->commit(
      author.batch({job_of(first), job_of(second), job_of(third), job_of(fourth), held(first),
                    held(second), held(third), held(fourth)}));
  fixture.reopen();
  REQUIRE(fixture.recovered.held.size() == 4);
  CHECK(fixture.recovered.held[0].token == Token{first, 1, 1});
  CHECK(fixture.recovered.held[0].instance == uuid_of(7));
  CHECK(fixture.recovered.held[0].lease_end == from_ms(2));

  fixture.journal->commit(
      author.batch({removal(first), core::MoveToLater{second, from_ms(9), header_with(1), {}},
                    to_dead(third), core::RemoveHeld{fourth}}));
  fixture.reopen();
  CHECK(fixture.recovered.held.empty());
}

TEST_CASE_TEMPLATE("large payloads move and go with their job (J-2.5)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  journal::Journal& journal = *fixture.journal;
  for (const std::size_t size : {1024UL, 1025UL, 4070UL, 4071UL, 8140UL, 3000000UL}) {
    CAPTURE(size);
    const core::PutJob put = job_of(first, size);
    journal.commit(author.batch({put}));
    CHECK(load(journal, first).payload_bytes == size);
    CHECK(load(journal, first).payload.size() == (size > 1024 ? 0 : size));
    journal.commit(author.batch({core::MoveToLater{first, from_ms(50), header_with(1), entry(1)}}));
    journal.commit(author.batch({to_dead(first, Place::later, from_ms(50))}));
    journal.commit(author.batch({core::Redrive{first, header_with(0), {}}}));
    const core::PayloadLoaded loaded = journal.load_payload({first, Place::ready});
    CHECK(loaded.found);
    CHECK(loaded.payload.view() == put.payload.view());
    journal.commit(author.batch({removal(first)}));
    CHECK_FALSE(journal.load_payload({first, Place::ready}).found);
  }
}

TEST_CASE_TEMPLATE("moves keep payload and history, updates too", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  journal::Journal& journal = *fixture.journal;
  const core::PutJob put = job_of(first, 500);
  core::JobHeader crashed = header_with(2);
  crashed.crashes = 1;
  journal.commit(author.batch({put}));
  journal.commit(author.batch({core::MoveToLater{first, from_ms(50), header_with(1), entry(1)},
                               core::MoveToReady{first, from_ms(50)},
                               core::UpdateJob{first, crashed, entry(2, "crash")},
                               core::UpdateJob{first, crashed, {}}}));
  CHECK(load(journal, first).header.crashes == 1);
  CHECK(load(journal, first).payload.view() == put.payload.view());
  journal.commit(author.batch({to_dead(first)}));
  const auto page = journal.read_dead(0, {}, 1);
  REQUIRE(page.letters.size() == 1);
  const auto& history = page.letters[0].history;
  REQUIRE(history.size() == 3);
  CHECK(history[0].event == "failed");
  CHECK(history[1].event == "crash");
  CHECK(history[1].text == "text 2");
  CHECK(history[2].attempt == 5);
}

TEST_CASE_TEMPLATE("a history stays within its bounds (J-3.4, J-3.5)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  journal::Journal& journal = *fixture.journal;
  journal.commit(author.batch({job_of(first, 1000)}));
  for (std::uint32_t attempt = 1; attempt <= 30; ++attempt) {
    core::HistoryEntry long_entry = entry(attempt);
    long_entry.text.assign(5000, 't');
    long_entry.worker.assign(5000, 'w');
    journal.commit(author.batch({core::UpdateJob{first, header_with(attempt), long_entry}}));
  }
  journal.commit(author.batch({to_dead(first)}));
  const journal::DeadLetter letter = journal.read_dead(0, {}, 1).letters.at(0);
  REQUIRE(letter.history.size() == 16);
  CHECK(letter.history[0].attempt == 1);
  CHECK(letter.history[1].attempt == 17);
  CHECK(letter.history[14].attempt == 30);
  CHECK(letter.history[14].text.size() == 256);
  CHECK(letter.history[14].worker.size() == 128);
  CHECK(letter.history[15].attempt == 5);
}

TEST_CASE_TEMPLATE("a redriven job keeps its history and its old place (J-4.11)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  journal::Journal& journal = *fixture.journal;
  journal.commit(author.batch({job_of(first), job_of(second)}));
  journal.commit(author.batch({to_dead(first)}));
  journal.commit(author.batch({core::Redrive{first, header_with(0), entry(6, "redriven")}}));
  const auto page = journal.read_ready({1, 5, 0, 0, 10, 100000});
  REQUIRE(page.jobs.size() == 2);
  CHECK(page.jobs[0].id == first);
  CHECK(page.jobs[0].header.failures == 0);
  journal.commit(author.batch({to_dead(first)}));
  CHECK(journal.read_dead(0, {}, 1).letters.at(0).history.size() == 3);
}

TEST_CASE_TEMPLATE("as_of is the last record of this epoch's last commit (J-4.7)", Fixture,
                   InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  CHECK(fixture.journal->read_ready({1, 5, 0, 0, 1, 1}).as_of == 0);
  const auto batch = author.batch({job_of(first)});
  fixture.journal->commit(batch);
  CHECK(fixture.journal->read_ready({1, 5, 0, 0, 1, 1}).as_of == batch.last);
  CHECK(fixture.journal->read_later({}).as_of == batch.last);
  CHECK(fixture.journal->load_jobs({}).as_of == batch.last);
  CHECK(fixture.journal->load_results({}).as_of == batch.last);
  fixture.reopen();
  CHECK(fixture.journal->read_ready({1, 5, 0, 0, 1, 1}).as_of == 0);
}

TEST_CASE_TEMPLATE("counters, counts and sessions are those of the last commit (J-4.8)", Fixture,
                   InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  core::PutSession session{uuid_of(5), 3, from_ms(100), {{3, 0, 2, first}}};
  author.set_sessions({session});
  fixture.journal->commit(author.batch({job_of(first, 70), job_of(second, 30)}));
  session.last_batch = 4;
  author.set_sessions({session});
  fixture.journal->commit(author.batch({to_dead(first), core::RemoveSession{uuid_of(5)}}));
  fixture.reopen();
  CHECK(fixture.recovered.counters == author.counters());
  REQUIRE(fixture.recovered.queues.size() == 3);
  CHECK(fixture.recovered.queues[0].number == 1);
  CHECK(fixture.recovered.queues[0].settings.name == "queue-1");
  CHECK(fixture.recovered.queues[0].counts == core::QueueCounts{1, 0, 0, 1, 100});
  CHECK(fixture.recovered.queues[1].counts == core::QueueCounts{});
  REQUIRE(fixture.recovered.sessions.size() == 1);  // sessions come after the records
  CHECK(fixture.recovered.sessions[0].last_batch == 4);
  CHECK(fixture.recovered.sessions[0].runs.at(0).first == first);
}

TEST_CASE_TEMPLATE("a job that is not where the record says fails the whole commit (J-4.9)",
                   Fixture, InMemory, OnDisk) {
  const std::vector<core::Record> bugs{
      removal(second),
      removal(first, Place::later, from_ms(1)),
      removal(first, Place::dead),
      core::MoveToLater{second, from_ms(1), {}, {}},
      core::MoveToReady{first, from_ms(1)},
      to_dead(second),
      to_dead(first, Place::later, from_ms(1)),
      core::Redrive{first, {}, {}},
      core::UpdateJob{second, {}, {}},
      job_of(first),
  };
  for (std::size_t i = 0; i < bugs.size(); ++i) {
    CAPTURE(i);
    Fixture fixture;
    Author author;
    fixture.journal->commit(author.batch({job_of(first)}));
    std::string text;
    try {
      fixture.journal->commit(author.batch({job_of({2, 0, 99}), bugs[i]}));
    } catch (const journal::JournalError& error) {
      text = error.what();
    }
    CHECK(text.find("q1p5n1") != std::string::npos);
    fixture.reopen();
    CHECK(load(*fixture.journal, {2, 0, 99}).place == Place::none);
    CHECK(load(*fixture.journal, first).place == Place::ready);
    CHECK(fixture.recovered.counters.accepted == 1);
  }
}

TEST_CASE_TEMPLATE("a delayed job is there only under the time at which it is due (J-4.9)", Fixture,
                   InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  core::PutJob delayed = job_of(first);
  delayed.due = from_ms(777);
  fixture.journal->commit(author.batch({delayed}));
  CHECK_THROWS_AS(fixture.journal->commit(author.batch({core::MoveToReady{first, from_ms(778)}})),
                  journal::JournalError);
  fixture.reopen();
  CHECK(load(*fixture.journal, first).due == from_ms(777));
}

TEST_CASE_TEMPLATE("removing a row that is not there is no error (J-4.10)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  fixture.journal->commit(
      author.batch({core::RemoveHeld{first}, core::RemoveInstance{uuid_of(1)},
                    core::RemoveSession{uuid_of(1)}, core::RemoveResult{first, 0}}));
  CHECK(fixture.journal->load_jobs({}).as_of == author.last());
}

TEST_CASE_TEMPLATE("small tables come back in the order of their keys (J-7.7)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  fixture.journal->commit(author.batch(
      {core::PutInstance{uuid_of(9), "w9", from_ms(1)},
       core::PutInstance{uuid_of(2), "w2", from_ms(2)}, result_of(second, 10), result_of(first, 20),
       job_of(first), job_of(second), core::PutHeld{{second, 1, 1}, {}, {}, {}, 1},
       core::PutHeld{{first, 1, 1}, {}, {}, {}, 1}}));
  author.set_sessions({{uuid_of(8), 1, {}, {}}, {uuid_of(3), 1, {}, {}}});
  fixture.journal->commit(author.batch({core::RemoveInstance{uuid_of(2)}}));
  fixture.reopen();
  const core::Recovered& found = fixture.recovered;
  REQUIRE(found.instances.size() == 1);
  CHECK(found.instances[0].name == "w9");
  REQUIRE(found.results.size() == 2);
  CHECK(found.results[0] == first);
  CHECK(found.results[1] == second);
  REQUIRE(found.held.size() == 2);
  CHECK(found.held[0].token.job == first);
  REQUIRE(found.sessions.size() == 2);
  CHECK(found.sessions[0].session == uuid_of(3));
}

namespace {

// How many rows of `ready` and of `bundles` there are.
std::pair<std::size_t, std::size_t> rows_of(OnDisk& disk) {
  disk.journal.reset();
  std::pair<std::size_t, std::size_t> rows;
  RawFile(disk.directory.journal()).change([&](MDB_txn* transaction) {
    const auto count = [&](std::string_view name) {
      MDB_stat stat{};
      lmdb::check("count", mdb_stat(transaction, RawFile::database(transaction, name), &stat));
      return stat.ms_entries;
    };
    rows = {count(journal::layout::db::ready), count(journal::layout::db::bundles)};
  });
  disk.reopen();
  return rows;
}

using Rows = std::pair<std::size_t, std::size_t>;

}  // namespace

TEST_CASE("jobs that come together share records, of a queue and priority each (J-2.9)") {
  OnDisk disk;
  Author author;
  std::vector<core::Record> records;
  for (Sequence i = 1; i <= 120; ++i) {
    records.emplace_back(job_of({1 + static_cast<QueueNumber>(i % 2), 5, i}, 100));
  }
  disk.journal->commit(author.batch(std::move(records)));
  CHECK(rows_of(disk) == Rows{0, 4});  // 38 of 60 fill a page
  disk.journal->commit(author.batch({job_of({1, 5, 121}), job_of({2, 5, 122})}));
  CHECK(rows_of(disk) == Rows{2, 4});  // one does not make a bundle
  disk.journal->commit(author.batch({job_of({1, 5, 123}, 2000), job_of({1, 5, 124}, 2000)}));
  CHECK(rows_of(disk) == Rows{4, 4});  // nor do large ones
}

TEST_CASE("a bundle goes with the last of its jobs, in whatever order they leave (J-2.9)") {
  OnDisk disk;
  Author author;
  disk.journal->commit(
      author.batch({job_of({1, 5, 1}), job_of({1, 5, 2}), job_of({1, 5, 3}), job_of({1, 5, 4})}));
  const auto removal = [](Sequence sequence) {
    return core::RemoveJob{{1, 5, sequence}, Place::ready, {}, 0};
  };
  disk.journal->commit(author.batch({removal(4), removal(2)}));
  CHECK(rows_of(disk) == Rows{0, 1});
  const auto page = disk.journal->read_ready({1, 5, 0, 0, 9, 9999});
  REQUIRE(page.jobs.size() == 2);
  CHECK(page.jobs[0].id.sequence == 1);
  CHECK(page.jobs[1].id.sequence == 3);
  CHECK(page.jobs[1].payload.view() == bytes_of(10).view());
  core::MoveToLater move;
  move.id = {1, 5, 1};
  move.due = from_ms(77);
  disk.journal->commit(author.batch({move, removal(3)}));
  CHECK(rows_of(disk) == Rows{0, 0});
}

TEST_CASE("a job that comes back lies between those of its bundle (J-2.8, J-5.2)") {
  OnDisk disk;
  Author author;
  disk.journal->commit(author.batch({job_of({1, 5, 1}), job_of({1, 5, 2}), job_of({1, 5, 3})}));
  core::MoveToLater away;
  away.id = {1, 5, 2};
  away.due = from_ms(77);
  core::UpdateJob update{{1, 5, 3}, job_of({}).header, {}};
  update.header.failures = 3;
  disk.journal->commit(author.batch({away, update, core::MoveToReady{{1, 5, 2}, from_ms(77)}}));
  disk.journal->commit(author.batch({job_of({1, 5, 4}), job_of({1, 5, 5})}));
  CHECK(rows_of(disk) == Rows{2, 2});
  const auto page = disk.journal->read_ready({1, 5, 0, 0, 9, 9999});
  REQUIRE(page.jobs.size() == 5);
  for (Sequence i = 1; i <= 5; ++i) CHECK(page.jobs[i - 1].id.sequence == i);
  CHECK(page.jobs[2].header.failures == 3);
}

TEST_CASE("a job that is put again is noticed after a restart too (J-4.9)") {
  OnDisk disk;
  Author author;
  disk.journal->commit(author.batch({job_of({1, 5, 1}), job_of({1, 5, 2}), job_of({2, 5, 3})}));
  disk.reopen();
  for (const JobId& id : {JobId{1, 5, 1}, JobId{2, 5, 3}}) {
    CHECK_THROWS_WITH_AS(disk.journal->commit(author.batch({job_of(id), job_of({2, 5, 4})})),
                         doctest::Contains("was put twice"), journal::JournalError);
    disk.reopen();
  }
  CHECK_THROWS_WITH_AS(disk.journal->commit(author.batch({job_of({1, 5, 9}), job_of({1, 5, 9})})),
                       doctest::Contains("was put twice"), journal::JournalError);
}

TEST_CASE("jobs that do not come in the order of sequences are kept all the same (J-2.8)") {
  OnDisk disk;
  Author author;
  disk.journal->commit(author.batch({job_of({1, 5, 1}), job_of({1, 5, 9})}));
  disk.journal->commit(author.batch({job_of({1, 5, 4}), job_of({1, 5, 5})}));
  CHECK(rows_of(disk) == Rows{2, 1});
  // Sequences that were reserved before a start may have been used.
  disk.journal->commit(author.batch({job_of({1, 5, 20}), job_of({1, 5, 21})}));
  CHECK(rows_of(disk) == Rows{4, 1});
  CHECK(disk.journal->read_ready({1, 5, 0, 0, 9, 9999}).jobs.size() == 6);
  CHECK_THROWS_WITH_AS(disk.journal->commit(author.batch({job_of({1, 5, 9})})),
                       doctest::Contains("q1p5n9 was put twice"), journal::JournalError);
}

TEST_CASE_TEMPLATE("results are kept by id and by expiry until they are removed (J-2.6)", Fixture,
                   InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  journal::Journal& journal = *fixture.journal;
  const JobId third{1, 5, 12};
  journal.commit(author.batch(
      {result_of(first, 300, 2000000), result_of(second, 100, 10), result_of(third, 200, 1025)}));
  CHECK(journal.expired_results(from_ms(99), 10).empty());
  CHECK(journal.expired_results(from_ms(250), 10) == std::vector<JobId>{second, third});
  CHECK(journal.expired_results(from_ms(250), 1) == std::vector<JobId>{second});

  journal.commit(author.batch({result_of(second, 400, 5000)}));  // replaces
  CHECK(journal.expired_results(from_ms(1000), 10) == std::vector<JobId>{third, first, second});
  journal.commit(author.batch({core::RemoveResult{first, 0}, core::RemoveResult{third, 0}}));
  CHECK(journal.expired_results(from_ms(1000), 10) == std::vector<JobId>{second});
  CHECK(journal.load_results({1, {second}}).results.at(0).result.bytes.view() ==
        bytes_of(5000).view());
}
