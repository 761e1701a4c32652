#include "journal/commit_thread.h"

#include <signal.h>

#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include "base/check.h"

namespace zcrew::journal {

namespace {

// How often an idle thread looks whether the disk has room again (or still).
constexpr auto room_interval = std::chrono::seconds{1};

// While there is one, signals to the process go to other threads: a flush that one interrupts may
// fail (LMDB does not try again, and after a failed flush nobody may). Those that tell of the
// thread's own doing, as damage in a mapped file, still come.
class SignalsForOthers {
 public:
  SignalsForOthers() {
    sigset_t signals;
    sigfillset(&signals);
    for (const int own : {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGXFSZ}) {
      sigdelset(&signals, own);
    }
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalsForOthers() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsForOthers(const SignalsForOthers&) = delete;
  SignalsForOthers& operator=(const SignalsForOthers&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

CommitThread::CommitThread(Journal& journal, std::function<void()> wake)
    : journal_(journal), wake_(std::move(wake)), thread_([this] {
        const SignalsForOthers held;
        if (report_failure_of([this] { serve(); })) wake_();
      }) {}

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

void CommitThread::commit_here(Batch batch) noexcept {
  const SignalsForOthers held;
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

// True if it failed.
template <typename Work>
bool CommitThread::report_failure_of(Work work) {
  Committed news;
  try {
    work();
    return false;
  } catch (const Damaged& error) {
    news.failure = Failure{Failure::Cause::damage, error.what()};
  } catch (const std::bad_alloc&) {
    news.failure = Failure{Failure::Cause::memory, "out of memory"};
  } catch (const std::exception& error) {
    news.failure = Failure{Failure::Cause::disk, error.what()};
  }
  report(std::move(news));
  return true;
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

// Nothing if the journal has failed: of that the other thread tells.
void CommitThread::commit(Batch batch) {
  const std::lock_guard writing(journal_mutex_);
  committing_ = std::move(batch);
  if (std::exchange(failed_, true)) return;
  journal_.make_room();  // the commit itself may need more than the last one left
  journal_.commit(committing_);
  Committed news;
  news.durable = committing_.last;
  news.admissible_bytes = journal_.make_room();
  news.spent = std::exchange(committing_, {});
  failed_ = false;
  report(std::move(news));
}

// True if there is news: the room has changed since it was last told.
bool CommitThread::reckon() {
  const std::lock_guard writing(journal_mutex_);
  if (std::exchange(failed_, true)) return false;
  Committed news;
  news.admissible_bytes = journal_.make_room();
  failed_ = false;
  {
    const std::lock_guard lock(mutex_);
    if (news.admissible_bytes == room_) return false;
  }
  report(std::move(news));
  return true;
}

// A commit that was not fetched yet must not get lost. Behind a failure there is no news.
void CommitThread::report(Committed news) {
  const std::lock_guard lock(mutex_);
  if (news_ && !news.durable) {
    news.durable = news_->durable;
    news.spent = std::move(news_->spent);
  }
  if (news.failure) stop_ = true;
  room_ = news.admissible_bytes;
  news_ = std::move(news);
}

}  // namespace zcrew::journal
