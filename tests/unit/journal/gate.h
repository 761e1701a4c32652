// For tests of threads: a wake-up to wait for, and a journal that waits and fails on demand.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "journal/memory_journal.h"

namespace zcrew::test {

constexpr auto patience = std::chrono::seconds{20};

// Counts wake-ups. wait_for(condition) looks again after each, until the patience is over.
class Wakes {
 public:
  std::function<void()> callback() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }

  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  template <typename Condition>
  bool wait_for(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::unique_lock lock(mutex_);
    for (;;) {
      const int seen = count_;
      lock.unlock();
      if (condition()) return true;
      lock.lock();
      if (!changed_.wait_until(lock, deadline, [&] { return count_ != seen; })) return false;
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// Commits and reads stop at a closed gate; a failure can be set for the next of them.
class GatedJournal : public journal::MemoryJournal {
 public:
  enum class Trouble { none, failing, damaged, memory_out };

  void set_open(bool open) {
    const std::lock_guard lock(gate_mutex_);
    open_ = open;
    gate_.notify_all();
  }
  void set_trouble(Trouble trouble) {
    const std::lock_guard lock(gate_mutex_);
    trouble_ = trouble;
  }
  // The next who asks for room stands at the gate too, and fails.
  void break_room() {
    const std::lock_guard lock(gate_mutex_);
    room_breaks_ = true;
  }
  // Somebody stands at the closed gate.
  bool wait_for_visitor() {
    std::unique_lock lock(gate_mutex_);
    return gate_.wait_for(lock, patience, [&] { return waiting_; });
  }

  // Somebody asked for room that often, from now on.
  bool wait_for_room_asked(int times, std::chrono::milliseconds longest = patience) {
    std::unique_lock lock(gate_mutex_);
    return gate_.wait_for(lock, longest,
                          [this, wanted = room_asked_ + times] { return room_asked_ >= wanted; });
  }
  int room_asked() {
    const std::lock_guard lock(gate_mutex_);
    return room_asked_;
  }

  std::uint64_t make_room() override {
    std::unique_lock lock(gate_mutex_);
    ++room_asked_;
    gate_.notify_all();
    if (std::exchange(room_breaks_, false)) {
      waiting_ = true;
      gate_.wait(lock, [&] { return open_; });
      throw journal::JournalError("cannot reserve: no disk");
    }
    return MemoryJournal::make_room();
  }
  void commit(const journal::Batch& batch) override {
    pass();
    MemoryJournal::commit(batch);
  }
  core::JobsLoaded load_jobs(const core::LoadJobs& request) override {
    pass();
    return MemoryJournal::load_jobs(request);
  }

 private:
  void pass() {
    std::unique_lock lock(gate_mutex_);
    waiting_ = true;
    gate_.notify_all();
    gate_.wait(lock, [&] { return open_; });
    waiting_ = false;
    if (trouble_ == Trouble::failing) throw journal::JournalError("cannot write: no disk");
    if (trouble_ == Trouble::memory_out) throw std::bad_alloc();
    if (trouble_ == Trouble::damaged) throw journal::Damaged("record q1p5n1: wrong");
  }

  std::mutex gate_mutex_;
  std::condition_variable gate_;
  bool open_ = true;
  bool waiting_ = false;
  bool room_breaks_ = false;
  int room_asked_ = 0;
  Trouble trouble_ = Trouble::none;
};

}  // namespace zcrew::test
