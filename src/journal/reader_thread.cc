#include "journal/reader_thread.h"

#include <exception>
#include <new>
#include <utility>

namespace zcrew::journal {

namespace {

core::Event answer(Journal& journal, const core::Read& read) {
  struct Reads {
    Journal& journal;
    core::Event operator()(const core::ReadReady& request) { return journal.read_ready(request); }
    core::Event operator()(const core::ReadLater& request) { return journal.read_later(request); }
    core::Event operator()(const core::LoadJobs& request) { return journal.load_jobs(request); }
    core::Event operator()(const core::LoadPayload& request) {
      return journal.load_payload(request);
    }
    core::Event operator()(const core::LoadResults& request) {
      return journal.load_results(request);
    }
  };
  return std::visit(Reads{journal}, read);
}

}  // namespace

ReaderThread::ReaderThread(Journal& journal, std::function<void()> wake)
    : journal_(journal), wake_(std::move(wake)), thread_([this] { run(); }) {}

ReaderThread::~ReaderThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void ReaderThread::request(core::Read read) { enqueue(std::move(read)); }
void ReaderThread::look(Look look) { enqueue(std::move(look)); }

void ReaderThread::enqueue(Request request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  work_.notify_one();
}

ReaderThread::Answers ReaderThread::poll() {
  Answers answers;
  const std::lock_guard lock(mutex_);
  std::swap(answers, answers_);
  return answers;
}

void ReaderThread::run() {
  Failure failure;
  try {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return stop_ || !requests_.empty(); });
      if (stop_) return;
      Request request = std::move(requests_.front());
      requests_.pop_front();
      lock.unlock();
      serve(request);
      lock.lock();
    }
  } catch (const Damaged& error) {
    failure = Failure{Failure::Cause::damage, error.what()};
  } catch (const std::bad_alloc&) {
    failure = Failure{Failure::Cause::memory, "out of memory"};
  } catch (const std::exception& error) {
    failure = Failure{Failure::Cause::disk, error.what()};
  }
  {
    const std::lock_guard lock(mutex_);
    answers_.failure = std::move(failure);
  }
  wake_();
}

void ReaderThread::serve(Request& request) {
  if (const auto* read = std::get_if<core::Read>(&request)) {
    core::Event event = answer(journal_, *read);
    const std::lock_guard lock(mutex_);
    answers_.events.push_back(std::move(event));
  } else {
    Finish finish = std::get<Look>(request)(journal_);
    if (!finish) return;
    const std::lock_guard lock(mutex_);
    answers_.finishes.push_back(std::move(finish));
  }
  wake_();
}

}  // namespace zcrew::journal
