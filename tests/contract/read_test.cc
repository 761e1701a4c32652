// What reads must answer, over every journal.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fixtures.h"

using namespace zcrew;
using namespace zcrew::test;
using core::Place;

namespace {

std::vector<Sequence> sequences(const std::vector<core::LoadedJob>& jobs) {
  std::vector<Sequence> out;
  for (const core::LoadedJob& job : jobs) out.push_back(job.id.sequence);
  return out;
}

using Sequences = std::vector<Sequence>;

// Ready: queue 1 priority 5: 10, 20 … 100; neighbours on both sides that must not show.
void fill_ready(journal::Journal& journal, Author& author) {
  std::vector<core::Record> records;
  for (Sequence i = 10; i <= 100; i += 10) records.emplace_back(job_of({1, 5, i}, 100));
  records.emplace_back(job_of({1, 4, 55}));
  records.emplace_back(job_of({1, 6, 5}));
  records.emplace_back(job_of({2, 5, 15}));
  journal.commit(author.batch(std::move(records)));
}

}  // namespace

TEST_CASE_TEMPLATE("a ready page is one queue and priority in order (J-5.2)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  fill_ready(*fixture.journal, author);
  const auto page = fixture.journal->read_ready({1, 5, 0, 0, 100, 1000000});
  CHECK(sequences(page.jobs) == Sequences{10, 20, 30, 40, 50, 60, 70, 80, 90, 100});
  CHECK(page.reached_end);
  CHECK(page.queue == 1);
  CHECK(page.priority == 5);
  for (const core::LoadedJob& job : page.jobs) {
    CHECK(job.place == Place::ready);
    CHECK(job.payload_bytes == 100);
    CHECK(job.payload.view() == bytes_of(100).view());
  }
}

TEST_CASE_TEMPLATE("bounds of a ready page are exclusive (J-5.2)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  fill_ready(*fixture.journal, author);
  const auto page = fixture.journal->read_ready({1, 5, 20, 50, 100, 1000000});
  CHECK(sequences(page.jobs) == Sequences{30, 40});
  CHECK(page.reached_end);
  CHECK(page.after == 20);
  CHECK(sequences(fixture.journal->read_ready({1, 5, 25, 51, 100, 1000000}).jobs) ==
        Sequences{30, 40, 50});
}

TEST_CASE_TEMPLATE("a page that is cut short says so (J-5.2)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  fill_ready(*fixture.journal, author);
  const auto page = fixture.journal->read_ready({1, 5, 0, 0, 3, 1000000});
  CHECK(sequences(page.jobs) == Sequences{10, 20, 30});
  CHECK_FALSE(page.reached_end);
  const auto exact = fixture.journal->read_ready({1, 5, 70, 0, 3, 1000000});
  CHECK(sequences(exact.jobs) == Sequences{80, 90, 100});
  CHECK(exact.reached_end);
  // 100 bytes and 256 for the record, each
  const auto bytes = fixture.journal->read_ready({1, 5, 0, 0, 100, 2 * 356});
  CHECK(sequences(bytes.jobs) == Sequences{10, 20});
  CHECK_FALSE(bytes.reached_end);
  CHECK(fixture.journal->read_ready({1, 5, 0, 0, 100, 1}).jobs.size() == 1);
}

TEST_CASE_TEMPLATE("an empty range is at its end (J-5.2)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  fill_ready(*fixture.journal, author);
  for (const auto& request :
       {core::ReadReady{1, 5, 100, 0, 9, 999}, core::ReadReady{1, 5, 40, 50, 9, 999},
        core::ReadReady{3, 0, 0, 0, 9, 999}, core::ReadReady{1, 9, 0, 0, 9, 999}}) {
    const auto page = fixture.journal->read_ready(request);
    CHECK(page.jobs.empty());
    CHECK(page.reached_end);
  }
}

TEST_CASE_TEMPLATE("a large payload is not in its page (J-5.5)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  fixture.journal->commit(author.batch({job_of({1, 5, 1}, 5000), job_of({1, 5, 2}, 5000)}));
  const auto page = fixture.journal->read_ready({1, 5, 0, 0, 9, 600});
  REQUIRE(page.jobs.size() == 2);
  CHECK(page.jobs[0].payload_bytes == 5000);
  CHECK(page.jobs[0].payload.size() == 0);
}

TEST_CASE_TEMPLATE("later pages go by due time, then id (J-5.3)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  std::vector<core::Record> records;
  const auto delayed = [&](const JobId& id, std::uint64_t due) {
    core::PutJob put = job_of(id);
    put.due = from_ms(due);
    records.emplace_back(put);
  };
  delayed({1, 5, 1}, 300);
  delayed({1, 5, 2}, 100);
  delayed({2, 0, 3}, 200);
  delayed({1, 9, 4}, 200);
  delayed({1, 5, 5}, 400);
  fixture.journal->commit(author.batch(std::move(records)));

  journal::Journal& journal = *fixture.journal;
  const auto all = journal.read_later({{}, {}, from_ms(1000), 100});
  CHECK(sequences(all.jobs) == Sequences{2, 4, 3, 1, 5});
  CHECK(all.reached_end);
  CHECK(all.jobs[0].due == from_ms(100));
  CHECK(all.jobs[0].place == Place::later);
  // `until` is included, the point to go on from is not
  const auto some = journal.read_later({from_ms(200), {1, 9, 4}, from_ms(300), 100});
  CHECK(sequences(some.jobs) == Sequences{3, 1});
  CHECK(some.reached_end);
  CHECK(some.after_due == from_ms(200));
  CHECK(some.after_id == JobId{1, 9, 4});
  const auto two = journal.read_later({{}, {}, from_ms(300), 2});
  CHECK(sequences(two.jobs) == Sequences{2, 4});
  CHECK_FALSE(two.reached_end);
}

TEST_CASE_TEMPLATE("jobs by id come in the order asked for, wherever they are (J-5.4)", Fixture,
                   InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  core::PutJob delayed = job_of({1, 5, 2}, 20);
  delayed.due = from_ms(50);
  core::MoveToDead dead;
  dead.id = {1, 5, 3};
  fixture.journal->commit(
      author.batch({job_of({1, 5, 1}, 10), delayed, job_of({1, 5, 3}, 30), dead}));
  const auto answer =
      fixture.journal->load_jobs({42, {{1, 5, 3}, {1, 5, 9}, {1, 5, 2}, {1, 5, 1}, {1, 5, 3}}});
  CHECK(answer.request == 42);
  REQUIRE(answer.jobs.size() == 5);
  const std::vector<Place> places{Place::dead, Place::none, Place::later, Place::ready,
                                  Place::dead};
  for (std::size_t i = 0; i < 5; ++i) CHECK(answer.jobs[i].place == places[i]);
  CHECK(answer.jobs[0].payload_bytes == 30);
  CHECK(answer.jobs[1].id == JobId{1, 5, 9});
  CHECK(answer.jobs[2].due == from_ms(50));
}

TEST_CASE_TEMPLATE("jobs by id are found near and far from each other (J-5.4)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  std::vector<core::Record> puts;
  std::vector<core::Record> removals;
  for (Sequence i = 1; i <= 300; ++i) {
    puts.emplace_back(job_of({1, 5, i}));
    if (i % 2 == 0) removals.emplace_back(core::RemoveJob{{1, 5, i}, Place::ready, {}, 0});
  }
  fixture.journal->commit(author.batch(std::move(puts)));
  fixture.journal->commit(author.batch(std::move(removals)));
  core::LoadJobs request{1, {}};
  for (const Sequence i : {1U, 2U, 3U, 3U, 4U, 250U, 251U, 99U, 100U, 101U, 299U, 300U, 301U, 1U})
    request.jobs.push_back({1, 5, i});
  request.jobs.push_back({1, 6, 3});
  request.jobs.push_back({2, 5, 3});
  const auto answer = fixture.journal->load_jobs(request);
  REQUIRE(answer.jobs.size() == request.jobs.size());
  for (std::size_t i = 0; i < request.jobs.size(); ++i) {
    const JobId& id = request.jobs[i];
    CAPTURE(to_text(id));
    const bool is_there =
        id.queue == 1 && id.priority == 5 && id.sequence % 2 == 1 && id.sequence < 300;
    CHECK(answer.jobs[i].id == id);
    CHECK((answer.jobs[i].place == Place::ready) == is_there);
  }
}

TEST_CASE_TEMPLATE("payloads are found wherever the job is (J-5.5)", Fixture, InMemory, OnDisk) {
  Fixture fixture;
  Author author;
  core::PutJob delayed = job_of({1, 5, 2}, 20000);
  delayed.due = from_ms(50);
  core::MoveToDead dead;
  dead.id = {1, 5, 3};
  fixture.journal->commit(
      author.batch({job_of({1, 5, 1}, 10), delayed, job_of({1, 5, 3}, 30000), dead}));
  const auto payload = [&](Sequence sequence) {
    return fixture.journal->load_payload({{1, 5, sequence}, Place::ready});
  };
  CHECK(payload(1).payload.view() == bytes_of(10).view());
  CHECK(payload(2).payload.view() == bytes_of(20000).view());
  CHECK(payload(3).payload.view() == bytes_of(30000).view());
  CHECK_FALSE(payload(4).found);
}

TEST_CASE_TEMPLATE("results by id say where the job is if there is none (J-5.4)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  core::PutResult result = result_of({1, 5, 3}, 77, 3000);
  result.end = wire::End::dead;
  result.attempts = 4;
  result.reason = "crash";
  fixture.journal->commit(author.batch({job_of({1, 5, 1}), result}));
  const auto answer = fixture.journal->load_results({9, {{1, 5, 3}, {1, 5, 1}, {1, 5, 2}}});
  CHECK(answer.request == 9);
  REQUIRE(answer.results.size() == 3);
  CHECK(answer.results[0].found);
  CHECK(answer.results[0].result.id == JobId{1, 5, 3});
  CHECK(answer.results[0].result.end == wire::End::dead);
  CHECK(answer.results[0].result.attempts == 4);
  CHECK(answer.results[0].result.reason == "crash");
  CHECK(answer.results[0].result.worker == "w1");
  CHECK(answer.results[0].result.origin.batch == 3);
  CHECK(answer.results[0].result.expires_at == from_ms(77));
  CHECK(answer.results[0].result.bytes.view() == bytes_of(3000).view());
  CHECK_FALSE(answer.results[1].found);
  CHECK(answer.results[1].place == Place::ready);
  CHECK(answer.results[2].place == Place::none);
}

TEST_CASE_TEMPLATE("dead letters come by id, of one queue or of all (J-5.6)", Fixture, InMemory,
                   OnDisk) {
  Fixture fixture;
  Author author;
  std::vector<core::Record> records;
  for (const JobId& id : {JobId{2, 0, 4}, JobId{1, 5, 3}, JobId{1, 9, 1}, JobId{3, 1, 2}}) {
    records.emplace_back(job_of(id, 5000));
    core::MoveToDead dead;
    dead.id = id;
    dead.reason = "rejected";
    dead.died_at = from_ms(id.sequence);
    dead.entry = core::HistoryEntry{from_ms(1), 1, "rejected", "w", "no"};
    records.emplace_back(dead);
  }
  fixture.journal->commit(author.batch(std::move(records)));
  journal::Journal& journal = *fixture.journal;
  const auto ids = [](const journal::DeadPage& page) {
    std::vector<JobId> out;
    for (const auto& letter : page.letters) out.push_back(letter.id);
    return out;
  };
  const auto all = journal.read_dead(0, {}, 10);
  CHECK(ids(all) == std::vector<JobId>{{1, 5, 3}, {1, 9, 1}, {2, 0, 4}, {3, 1, 2}});
  CHECK(all.reached_end);
  CHECK(all.letters[0].reason == "rejected");
  CHECK(all.letters[0].died_at == from_ms(3));
  CHECK(all.letters[0].payload_bytes == 5000);
  CHECK(all.letters[0].history.at(0).text == "no");
  const auto first = journal.read_dead(0, {}, 2);
  CHECK(ids(first) == std::vector<JobId>{{1, 5, 3}, {1, 9, 1}});
  CHECK_FALSE(first.reached_end);
  CHECK(ids(journal.read_dead(0, {1, 9, 1}, 2)) == std::vector<JobId>{{2, 0, 4}, {3, 1, 2}});
  CHECK(ids(journal.read_dead(2, {}, 10)) == std::vector<JobId>{{2, 0, 4}});
  CHECK(ids(journal.read_dead(1, {1, 5, 3}, 10)) == std::vector<JobId>{{1, 9, 1}});
  CHECK(journal.read_dead(1, {1, 9, 1}, 10).reached_end);
}
