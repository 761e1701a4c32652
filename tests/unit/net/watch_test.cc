#include "net/watch.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "waiting.h"

namespace zcrew::net {
namespace {

// A thread that waits until a descriptor of the watch is readable, and leaves it so.
class Waiter {
 public:
  explicit Waiter(Watch& watch) : watch_(watch), ended_at_(watch.add(end_.fd())) {
    thread_ = std::thread([this] {
      thread_id_ = gettid();
      while (!watch_.wait(patience)) {
      }
      woken_ = !ended_;
    });
    while (!sleeps()) std::this_thread::yield();
  }
  ~Waiter() { woken(); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // Until it is, by what is watched.
  void join() { thread_.join(); }

  // Whether it was woken so far; waits no longer.
  bool woken() {
    if (!thread_.joinable()) return woken_;
    ended_ = true;
    end_.signal();
    thread_.join();
    watch_.remove(end_.fd(), ended_at_);
    return woken_;
  }

 private:
  // The only call in which the thread can is the wait.
  [[nodiscard]] bool sleeps() const {
    if (thread_id_ == 0) return false;
    std::ifstream file("/proc/self/task/" + std::to_string(thread_id_) + "/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t state = line.rfind(") ");
    return state != std::string::npos && line[state + 2] == 'S';
  }

  Watch& watch_;
  Wakeup end_;
  const Watch::Place ended_at_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> woken_{false};
  std::atomic<pid_t> thread_id_{0};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a watch waits for its time, and no longer once a descriptor is readable") {
  Wakeup wakeup;
  Watch watch;
  watch.add(wakeup.fd());
  const Instant start = read_monotonic();
  CHECK_FALSE(watch.wait(Milliseconds{20}));
  CHECK(read_monotonic() - start >= Milliseconds{20});
  wakeup.signal();
  CHECK(watch.wait(patience));
  CHECK(watch.wait(patience));  // it still is
  wakeup.drain();
  CHECK_FALSE(watch.wait(Duration::zero()));
  CHECK(read_monotonic() - start < patience);
}

TEST_CASE("a descriptor that was removed wakes nobody") {
  Wakeup wakeup;
  Watch watch;
  watch.remove(wakeup.fd(), watch.add(wakeup.fd()));
  wakeup.signal();
  CHECK_FALSE(watch.wait(Milliseconds{1}));
}

TEST_CASE("of two watches the thread at the first is woken, the one at the second sleeps on") {
  for (int round = 0; round < 20; ++round) {
    Wakeup wakeup;
    Watch first;
    Watch second;
    first.add(wakeup.fd());
    second.add(wakeup.fd());
    Waiter at_second(second);  // order of waiting does not count
    Waiter at_first(first);
    wakeup.signal();
    at_first.join();
    wakeup.drain();
    CHECK_FALSE(at_second.woken());
  }
}

TEST_CASE("where nobody waits at the first watch, the thread at the second is woken") {
  Wakeup wakeup;
  Watch first;
  Watch second;
  first.add(wakeup.fd());
  second.add(wakeup.fd());
  Waiter at_second(second);
  wakeup.signal();
  at_second.join();
  CHECK(first.wait(Duration::zero()));
}

TEST_CASE("what a wait saw is told once, whoever waited, and each descriptor for itself") {
  Wakeup one;
  Wakeup other;
  Watch watch;
  const Watch::Place at_one = watch.add(one.fd());
  const Watch::Place at_other = watch.add(other.fd());
  one.signal();
  CHECK_FALSE(watch.take(at_one));  // nobody has waited yet
  CHECK(watch.wait(patience));
  CHECK_FALSE(watch.take(at_other));
  CHECK(watch.take(at_one));
  CHECK_FALSE(watch.take(at_one));
  other.signal();
  CHECK(watch.wait(patience));  // sees both
  CHECK(watch.take(at_one));
  CHECK(watch.take(at_other));
  one.drain();
  other.drain();
  CHECK_FALSE(watch.wait(Duration::zero()));
  CHECK_FALSE(watch.take(at_one));
}

}  // namespace zcrew::net
