#include "journal/commit_thread.h"

#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include "base/check.h"

namespace zcrew::journal {

namespace {

// How often an idle thread looks whether the disk has room again (or still).
constexpr auto room_interval = std::chrono::seconds{1};

}  // namespace

CommitThread::CommitThread(Journal& journal, std::function<void()> wake)
    : journal_(journal),
      wake_(std::move(wake)),
      thread_([this] { report_failure_of([this] { serve(); }); }) {}

CommitThread::~CommitThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void CommitThread::claim() {
  ZCREW_CHECK(!busy_);
  busy_ = true;
}

void CommitThread::hand_over(Batch batch) {
  claim();
  {
    const std::lock_guard lock(mutex_);
    batch_ = std::move(batch);
  }
  work_.notify_one();
}

void CommitThread::commit_here(Batch batch) {
  report_failure_of([&] { commit(std::move(batch)); });
}

std::optional<Committed> CommitThread::poll() {
  std::optional<Committed> news;
  {
    const std::lock_guard lock(mutex_);
    news.swap(news_);
  }
  if (news && news->durable) busy_ = false;
  return news;
}

template <typename Work>
void CommitThread::report_failure_of(Work work) {
  Committed news;
  try {
    work();
    return;
  } catch (const Damaged& error) {
    news.failure = Failure{Failure::Cause::damage, error.what()};
  } catch (const std::bad_alloc&) {
    news.failure = Failure{Failure::Cause::memory, "out of memory"};
  } catch (const std::exception& error) {
    news.failure = Failure{Failure::Cause::disk, error.what()};
  }
  report(std::move(news));
  wake_();
}

void CommitThread::serve() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    std::optional<Batch> batch = std::exchange(batch_, std::nullopt);
    lock.unlock();
    if (batch) commit(std::move(*batch));
    if (batch || reckon()) wake_();
    lock.lock();
    work_.wait_for(lock, room_interval, [&] { return batch_ || stop_; });
  }
}

void CommitThread::commit(Batch batch) {
  const std::lock_guard writing(journal_mutex_);
  committing_ = std::move(batch);
  journal_.make_room();  // the commit itself may need more than the last one left
  journal_.commit(committing_);
  Committed news;
  news.durable = committing_.last;
  news.admissible_bytes = journal_.make_room();
  news.spent = std::exchange(committing_, {});
  report(std::move(news));
}

// True if there is news: the room has changed since it was last told.
bool CommitThread::reckon() {
  const std::lock_guard writing(journal_mutex_);
  Committed news;
  news.admissible_bytes = journal_.make_room();
  {
    const std::lock_guard lock(mutex_);
    if (news.admissible_bytes == room_) return false;
  }
  report(std::move(news));
  return true;
}

// What was not fetched yet must not get lost.
void CommitThread::report(Committed news) {
  const std::lock_guard lock(mutex_);
  if (news_ && !news.durable) {
    news.durable = news_->durable;
    news.spent = std::move(news_->spent);
  }
  if (news_ && !news.failure) news.failure = std::move(news_->failure);
  if (news.failure) stop_ = true;
  room_ = news.admissible_bytes;
  news_ = std::move(news);
}

}  // namespace zcrew::journal
