#include "journal/reader_thread.h"

#include <doctest/doctest.h>

#include <vector>

#include "gate.h"

using namespace zcrew;
using namespace zcrew::journal;
using test::GatedJournal;
using test::Wakes;

namespace {

struct ReadBench {
  ReadBench() {
    journal.open();
    Batch batch;
    for (Sequence i = 1; i <= 5; ++i) {
      core::PutJob put;
      put.id = {1, 5, i};
      batch.puts.push_back(put);
    }
    batch.last = 5;
    journal.commit(batch);
  }

  // Answers until `enough` of them are there.
  template <typename Enough>
  ReaderThread::Answers collect(ReaderThread& thread, Enough enough) {
    ReaderThread::Answers all;
    REQUIRE(wakes.wait_for([&] {
      ReaderThread::Answers some = thread.poll();
      for (auto& event : some.events) all.events.push_back(std::move(event));
      for (auto& finish : some.finishes) all.finishes.push_back(std::move(finish));
      if (some.failure) all.failure = some.failure;
      return enough(all);
    }));
    return all;
  }

  GatedJournal journal;
  Wakes wakes;
};

}  // namespace

TEST_CASE("each read is answered by its event, in order (J-5.1)") {
  ReadBench bench;
  ReaderThread thread(bench.journal, bench.wakes.callback());
  thread.request(core::ReadReady{1, 5, 2, 0, 10, 1000000});
  thread.request(core::ReadLater{{}, {}, from_ms(99), 10});
  thread.request(core::LoadJobs{77, {{1, 5, 1}}});
  thread.request(core::LoadPayload{{1, 5, 1}, core::Place::ready});
  thread.request(core::LoadResults{78, {{1, 5, 1}}});
  const auto answers =
      bench.collect(thread, [](const auto& all) { return all.events.size() == 5; });
  const auto& page = std::get<core::ReadyPage>(answers.events[0]);
  CHECK(page.jobs.size() == 3);
  CHECK(page.as_of == 5);
  CHECK(std::get<core::LaterPage>(answers.events[1]).reached_end);
  CHECK(std::get<core::JobsLoaded>(answers.events[2]).request == 77);
  CHECK(std::get<core::PayloadLoaded>(answers.events[3]).found);
  CHECK(std::get<core::ResultsLoaded>(answers.events[4]).request == 78);
}

TEST_CASE("a look runs over there and its finish comes back to the loop") {
  ReadBench bench;
  ReaderThread thread(bench.journal, bench.wakes.callback());
  bool reached_end = false;
  thread.look([&](Journal& journal) {
    const DeadPage page = journal.read_dead(0, {}, 10);
    return [&reached_end, end = page.reached_end] { reached_end = end; };
  });
  const auto answers =
      bench.collect(thread, [](const auto& all) { return all.finishes.size() == 1; });
  CHECK_FALSE(reached_end);
  answers.finishes[0]();
  CHECK(reached_end);
}

TEST_CASE("a look that has nothing to say comes back without a word") {
  ReadBench bench;
  ReaderThread thread(bench.journal, bench.wakes.callback());
  bool looked = false;
  thread.look([&](Journal&) {
    looked = true;
    return ReaderThread::Finish{};
  });
  thread.request(core::LoadJobs{77, {{1, 5, 1}}});
  const auto answers =
      bench.collect(thread, [](const auto& all) { return all.events.size() == 1; });
  CHECK(looked);
  CHECK(answers.finishes.empty());
}

TEST_CASE("a read that fails is told as a failure and not as damage (J-5.7)") {
  ReadBench bench;
  ReaderThread thread(bench.journal, bench.wakes.callback());
  bench.journal.set_trouble(GatedJournal::Trouble::failing);
  thread.request(core::LoadJobs{1, {{1, 5, 1}}});
  const auto answers =
      bench.collect(thread, [](const auto& all) { return all.failure.has_value(); });
  CHECK(answers.failure->cause == Failure::Cause::disk);
  CHECK_FALSE(answers.failure->text.empty());
  CHECK(answers.events.empty());
}

TEST_CASE("damage is told once and nothing is answered after it (J-5.7)") {
  ReadBench bench;
  ReaderThread thread(bench.journal, bench.wakes.callback());
  bench.journal.set_trouble(GatedJournal::Trouble::damaged);
  thread.request(core::LoadJobs{1, {{1, 5, 1}}});
  thread.request(core::ReadLater{});
  const auto answers =
      bench.collect(thread, [](const auto& all) { return all.failure.has_value(); });
  CHECK(answers.failure->cause == Failure::Cause::damage);
  CHECK(answers.events.empty());
  CHECK(thread.poll().events.empty());
}
