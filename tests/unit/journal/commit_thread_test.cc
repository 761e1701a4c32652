#include "journal/commit_thread.h"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "gate.h"
#include "journal/pending_batch.h"

using namespace zcrew;
using namespace zcrew::journal;
using test::GatedJournal;
using test::Wakes;

namespace {

Batch batch_of(Sequence sequence, core::JournalSequence last) {
  core::PutJob put;
  put.id = {1, 5, sequence};
  Batch batch;
  batch.puts.push_back(put);
  batch.last = last;
  return batch;
}

struct CommitBench {
  CommitBench() { journal.open(); }

  // The next report that satisfies `wanted`.
  template <typename Wanted>
  Committed next(CommitThread& thread, Wanted wanted) {
    Committed found;
    REQUIRE(wakes.wait_for([&] {
      auto news = thread.poll();
      if (!news || !wanted(*news)) return false;
      found = std::move(*news);
      return true;
    }));
    return found;
  }
  Committed next_commit(CommitThread& thread) {
    return next(thread, [](const Committed& news) { return news.durable.has_value(); });
  }

  GatedJournal journal;
  Wakes wakes;
};

}  // namespace

TEST_CASE("a batch is committed and reported with a wake (J-4.5)") {
  CommitBench bench;
  bench.journal.set_room(1234);
  CommitThread thread(bench.journal, bench.wakes.callback());
  CHECK(thread.idle());
  thread.hand_over(batch_of(7, 3));
  CHECK_FALSE(thread.idle());
  const Committed news = bench.next_commit(thread);
  CHECK(news.durable == 3U);
  CHECK(news.admissible_bytes == 1234);
  CHECK_FALSE(news.failure.has_value());
  CHECK(news.spent.size() == 1);  // its payload is this thread's to let go of
  CHECK(thread.idle());
  CHECK(bench.journal.state().ready.count({1, 5, 7}) == 1);
}

TEST_CASE("each batch is reported once (J-4.5)") {
  CommitBench bench;
  CommitThread thread(bench.journal, bench.wakes.callback());
  for (core::JournalSequence last = 1; last <= 200; ++last) {
    thread.hand_over(batch_of(last, last));
    CHECK(bench.next_commit(thread).durable == last);
    CHECK_FALSE(thread.poll().has_value());
  }
  CHECK(bench.journal.state().ready.size() == 200);
}

TEST_CASE("who commits here has the report when it returns, and is not woken (J-4.5)") {
  CommitBench bench;
  bench.journal.set_room(1234);
  CommitThread thread(bench.journal, bench.wakes.callback());
  bench.next(thread, [](const Committed&) { return true; });  // of the room
  thread.claim();
  CHECK_FALSE(thread.idle());
  thread.commit_here(batch_of(7, 3));
  CHECK_FALSE(thread.idle());
  const auto news = thread.poll();
  REQUIRE(news.has_value());
  CHECK(news->durable == 3U);
  CHECK(news->admissible_bytes == 1234);
  CHECK(news->spent.size() == 1);
  CHECK(thread.idle());
  CHECK(bench.wakes.count() == 1);
  CHECK(bench.journal.state().ready.count({1, 5, 7}) == 1);
  thread.hand_over(batch_of(8, 4));
  CHECK(bench.next_commit(thread).durable == 4U);
}

TEST_CASE("no room is reckoned beside a commit here") {
  CommitBench bench;
  CommitThread thread(bench.journal, bench.wakes.callback());
  bench.next(thread, [](const Committed&) { return true; });  // of the room
  bench.journal.set_open(false);
  thread.claim();
  std::thread committer([&] { thread.commit_here(batch_of(1, 1)); });
  REQUIRE(bench.journal.wait_for_visitor());
  const int asked = bench.journal.room_asked();
  // Longer than the thread waits before it reckons anew.
  CHECK_FALSE(bench.journal.wait_for_room_asked(1, std::chrono::milliseconds{1500}));
  CHECK(bench.journal.room_asked() == asked);
  bench.journal.set_open(true);
  committer.join();
  CHECK(thread.poll()->durable == 1U);
}

TEST_CASE("nothing is durable while the commit is under way") {
  CommitBench bench;
  CommitThread thread(bench.journal, bench.wakes.callback());
  bench.journal.set_open(false);
  thread.hand_over(batch_of(1, 1));
  REQUIRE(bench.journal.wait_for_visitor());
  const auto news = thread.poll();
  CHECK_FALSE((news && news->durable));
  CHECK_FALSE(thread.idle());
  bench.journal.set_open(true);
  CHECK(bench.next_commit(thread).durable == 1U);
}

TEST_CASE("the room is told at the start") {
  CommitBench bench;
  bench.journal.set_room(0);
  CommitThread thread(bench.journal, bench.wakes.callback());
  const Committed news = bench.next(thread, [](const Committed&) { return true; });
  CHECK(news.admissible_bytes == 0);
  CHECK_FALSE(news.durable.has_value());
}

TEST_CASE("room that comes back is told without a commit") {
  CommitBench bench;
  bench.journal.set_room(0);
  CommitThread thread(bench.journal, bench.wakes.callback());
  bench.next(thread, [](const Committed& news) { return news.admissible_bytes == 0; });
  bench.journal.set_room(500);
  bench.next(thread, [](const Committed& news) { return news.admissible_bytes == 500; });
}

TEST_CASE("room that stays as it is is told once") {
  CommitBench bench;
  bench.journal.set_room(500);
  CommitThread thread(bench.journal, bench.wakes.callback());
  bench.next(thread, [](const Committed& news) { return news.admissible_bytes == 500; });
  REQUIRE(bench.journal.wait_for_room_asked(2));  // so the first of them is over
  CHECK_FALSE(thread.poll().has_value());
}

TEST_CASE("room that changes before a commit's report was fetched does not hide it (J-4.5)") {
  CommitBench bench;
  bench.journal.set_room(500);
  CommitThread thread(bench.journal, bench.wakes.callback());
  const auto woken = [&](int times) {
    return bench.wakes.wait_for([&] { return bench.wakes.count() == times; });
  };
  REQUIRE(woken(1));  // of the room
  thread.hand_over(batch_of(1, 1));
  REQUIRE(woken(2));  // of the commit
  bench.journal.set_room(400);
  REQUIRE(woken(3));
  const auto news = thread.poll();
  REQUIRE(news.has_value());
  CHECK(news->durable == 1U);
  CHECK(news->admissible_bytes == 400);
  CHECK(thread.idle());
}

TEST_CASE("a failed commit is told once with its kind and nothing follows (J-4.6)") {
  using Trouble = GatedJournal::Trouble;
  using Cause = Failure::Cause;
  for (const auto& [trouble, cause] :
       {std::pair{Trouble::failing, Cause::disk}, std::pair{Trouble::damaged, Cause::damage},
        std::pair{Trouble::memory_out, Cause::memory}}) {
    CommitBench bench;
    CommitThread thread(bench.journal, bench.wakes.callback());
    bench.journal.set_trouble(trouble);
    thread.hand_over(batch_of(1, 1));
    const Committed news =
        bench.next(thread, [](const Committed& found) { return found.failure.has_value(); });
    CHECK_FALSE(news.durable.has_value());
    CHECK(news.failure->cause == cause);
    CHECK_FALSE(news.failure->text.empty());
    CHECK_FALSE(thread.poll().has_value());
    CHECK(bench.journal.state().ready.empty());
  }
}

TEST_CASE("a commit here that fails is told as the thread's, and ends it too (J-4.6)") {
  CommitBench bench;
  CommitThread thread(bench.journal, bench.wakes.callback());
  bench.next(thread, [](const Committed&) { return true; });  // of the room
  bench.journal.set_trouble(GatedJournal::Trouble::damaged);
  thread.claim();
  thread.commit_here(batch_of(1, 1));
  const auto news = thread.poll();
  REQUIRE(news.has_value());
  REQUIRE(news->failure.has_value());
  CHECK(news->failure->cause == Failure::Cause::damage);
  CHECK_FALSE(news->durable.has_value());
  bench.journal.set_room(1);
  CHECK_FALSE(bench.journal.wait_for_room_asked(1, std::chrono::milliseconds{1500}));
  CHECK_FALSE(thread.poll().has_value());
}

TEST_CASE("behind a failure elsewhere nothing is committed here (J-4.6)") {
  CommitBench bench;
  CommitThread thread(bench.journal, bench.wakes.callback());
  bench.next(thread, [](const Committed&) { return true; });  // of the room
  bench.journal.set_open(false);
  bench.journal.break_room();
  REQUIRE(bench.journal.wait_for_visitor());  // the thread, which reckons anew
  thread.claim();
  std::thread committer([&] { thread.commit_here(batch_of(1, 1)); });
  bench.journal.set_open(true);
  committer.join();
  const Committed news =
      bench.next(thread, [](const Committed& found) { return found.failure.has_value(); });
  CHECK(news.failure->text == "cannot reserve: no disk");
  CHECK_FALSE(news.durable.has_value());
  CHECK(bench.journal.state().ready.empty());
  CHECK_FALSE(thread.poll().has_value());
}

TEST_CASE("ending waits for the commit under way") {
  CommitBench bench;
  {
    CommitThread thread(bench.journal, bench.wakes.callback());
    thread.hand_over(batch_of(1, 1));
    bench.next_commit(thread);
    bench.journal.set_open(false);
    thread.hand_over(batch_of(2, 2));
    REQUIRE(bench.journal.wait_for_visitor());
    bench.journal.set_open(true);
  }
  CHECK(bench.journal.state().committed == 2);
}
