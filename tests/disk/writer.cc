#include "writer.h"

#include <utility>

namespace zcrew::test {

namespace {

// Steps that may pile up behind a commit: enough for batches of several.
constexpr std::size_t waiting_max = 6;

}  // namespace

Writer::Writer(journal::Journal& journal, Workload workload, Reports reports)
    : workload_(std::move(workload)), reports_(std::move(reports)), thread_(journal, [this] {
        const std::lock_guard lock(mutex_);
        awake_ = true;
        woken_.notify_one();
      }) {}

std::optional<journal::Failure> Writer::run(std::uint64_t steps) {
  const std::uint64_t end = workload_.steps() + steps;
  while (workload_.steps() < end || !waiting_.empty()) {
    const std::uint64_t more = 1 + random_() % waiting_max;
    for (std::uint64_t i = 0; i < more && waiting_.size() < waiting_max; ++i)
      if (workload_.steps() < end) issue();
    hand_over();
    const journal::Committed news = wait();
    if (news.failure) return news.failure;
    if (!news.durable) continue;
    pending_.recycle({});
    std::uint64_t confirmed = 0;
    while (!waiting_.empty() && waiting_.front().last <= *news.durable) {
      confirmed = waiting_.front().step;
      waiting_.pop_front();
    }
    if (confirmed != 0) reports_.confirmed(confirmed);
  }
  return std::nullopt;
}

void Writer::issue() {
  Step step = workload_.next();
  reports_.issued(workload_.steps());
  pending_.add(step.records);
  waiting_.push_back({pending_.last(), workload_.steps()});
  totals_ = std::move(step.totals);
  if (pending_.full()) pending_.close(totals_);
}

void Writer::hand_over() {
  if (!thread_.idle() || waiting_.empty()) return;
  if (pending_.has_closed())
    thread_.hand_over(pending_.take_closed());
  else if (!pending_.empty())
    thread_.hand_over(pending_.take(totals_));
  else  // all was cancelled: the totals alone, which say what step this is
    thread_.hand_over({{}, {}, {}, pending_.last(), totals_, 0});
}

// What the commit thread says next.
journal::Committed Writer::wait() {
  std::unique_lock lock(mutex_);
  for (;;) {
    lock.unlock();
    if (auto news = thread_.poll()) return std::move(*news);
    lock.lock();
    woken_.wait(lock, [this] { return awake_; });
    awake_ = false;
  }
}

}  // namespace zcrew::test
