// Jobs set aside by one thread, of which others may take back what has not begun.
#include "worker/claim.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace zcrew::worker {
namespace {

struct Jobs {
  explicit Jobs(std::size_t count) : jobs(count) {
    for (HeldJob& job : jobs) waiting.push_back(&job);
  }
  std::vector<HeldJob> jobs;
  std::deque<HeldJob*> waiting;
};

}  // namespace

TEST_CASE("claimed jobs begin in order, and are collected in order once they have ended") {
  Jobs all(5);
  Claim claim;
  claim.fill(all.waiting, 3);
  CHECK(all.waiting.size() == 2);
  CHECK(claim.current() == nullptr);
  CHECK(claim.begin() == &all.jobs[0]);
  CHECK(claim.current() == &all.jobs[0]);
  CHECK(claim.uncollected() == 0);
  claim.end();
  CHECK(claim.current() == nullptr);
  CHECK(claim.begin() == &all.jobs[1]);
  claim.end();
  CHECK(claim.uncollected() == 2);
  CHECK(&claim.collect() == &all.jobs[0]);
  CHECK(claim.begin() == &all.jobs[2]);
  claim.end();
  CHECK(claim.begin() == nullptr);
  CHECK(claim.begin() == nullptr);
  CHECK(&claim.collect() == &all.jobs[1]);
  CHECK(&claim.collect() == &all.jobs[2]);
  CHECK(claim.uncollected() == 0);
}

TEST_CASE("what has not begun goes back to where it was, what has begun stays") {
  Jobs all(Claim::most + 1);
  const std::deque<HeldJob*> order = all.waiting;
  Claim claim;
  claim.fill(all.waiting, Claim::most);
  CHECK(claim.begin() == order[0]);
  claim.give_back(all.waiting);
  CHECK(all.waiting == std::deque<HeldJob*>(order.begin() + 1, order.end()));
  CHECK(claim.current() == order[0]);
  claim.give_back(all.waiting);  // once
  CHECK(all.waiting.size() == order.size() - 1);
  CHECK(claim.begin() == nullptr);
  claim.end();
  CHECK(claim.current() == nullptr);
  CHECK(&claim.collect() == order[0]);
  claim.fill(all.waiting, 2);
  CHECK(claim.begin() == order[1]);
}

TEST_CASE("whoever takes back while the owner begins, each job is run or taken back, once") {
  for (int round = 0; round < 2000; ++round) {
    Jobs all(64);
    Claim claim;
    std::mutex lock;
    std::vector<HeldJob*> run;
    std::vector<HeldJob*> back;
    std::atomic<bool> over{false};
    std::thread robber([&] {
      while (!over) {
        const std::lock_guard guard(lock);
        std::deque<HeldJob*> taken;
        claim.give_back(taken);
        back.insert(back.end(), taken.begin(), taken.end());
      }
    });
    for (;;) {
      {
        const std::lock_guard guard(lock);
        while (claim.uncollected() > 0) run.push_back(&claim.collect());
        if (all.waiting.empty()) break;
        claim.fill(all.waiting, Claim::most);
      }
      while (claim.begin() != nullptr) claim.end();
    }
    over = true;
    robber.join();
    CHECK(run.size() + back.size() == all.jobs.size());
    std::vector<HeldJob*> each = run;
    each.insert(each.end(), back.begin(), back.end());
    std::sort(each.begin(), each.end(), std::less<>{});
    CHECK(std::adjacent_find(each.begin(), each.end()) == each.end());
  }
}

}  // namespace zcrew::worker
