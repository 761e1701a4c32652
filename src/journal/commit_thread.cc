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
    : journal_(journal), wake_(std::move(wake)), thread_([this] { run(); }) {}

CommitThread::~CommitThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void CommitThread::hand_over(Batch batch) {
  ZCREW_CHECK(!busy_);
  busy_ = true;
  {
    const std::lock_guard lock(mutex_);
    batch_ = std::move(batch);
  }
  work_.notify_one();
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

void CommitThread::run() {
  Committed news;
  try {
    serve();
    return;
  } catch (const Damaged& error) {
    news.failure = Failure{Failure::Cause::damage, error.what()};
  } catch (const std::bad_alloc&) {
    news.failure = Failure{Failure::Cause::memory, "out of memory"};
  } catch (const std::exception& error) {
    news.failure = Failure{Failure::Cause::disk, error.what()};
  }
  std::unique_lock lock(mutex_);
  report(std::move(news), lock);
}

void CommitThread::serve() {
  std::unique_lock lock(mutex_);
  reckon(lock);
  while (!stop_) {
    if (!batch_) {
      const bool woken = work_.wait_for(lock, room_interval, [&] { return batch_ || stop_; });
      if (!woken) reckon(lock);
      continue;
    }
    committing_ = std::move(*std::exchange(batch_, std::nullopt));
    lock.unlock();
    journal_.make_room();  // the commit itself may need more than the last one left
    journal_.commit(committing_);
    Committed news;
    news.durable = committing_.last;
    news.admissible_bytes = journal_.make_room();
    news.spent = std::exchange(committing_, {});
    lock.lock();
    room_ = news.admissible_bytes;
    report(std::move(news), lock);
  }
}

// Tells the loop if the room has changed since it last heard.
void CommitThread::reckon(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const std::uint64_t room = journal_.make_room();
  lock.lock();
  if (room == room_) return;
  room_ = room;
  Committed news;
  news.admissible_bytes = room;
  report(std::move(news), lock);
}

void CommitThread::report(Committed news, std::unique_lock<std::mutex>& lock) {
  if (news_ && news_->durable && !news.durable) {
    // Not fetched yet: the commit it tells of must not get lost.
    news.durable = news_->durable;
    news.spent = std::move(news_->spent);
  }
  news_ = std::move(news);
  lock.unlock();
  wake_();
  lock.lock();
}

}  // namespace zcrew::journal
