// The shell around Session and Executor: which thread makes the session's turns.
#include "zcrew/worker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "core/names.h"
#include "net/alarm.h"
#include "net/clock.h"
#include "net/endpoint.h"
#include "net/entropy.h"
#include "net/socket.h"
#include "net/watch.h"
#include "worker/driver.h"
#include "worker/executor.h"

namespace zcrew {
namespace {

// How long a worker that was told twice to stop waits for the router,
// at most.
constexpr Duration hurried_linger = std::chrono::seconds{1};

std::string default_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::string number = "/" + std::to_string(getpid());
  std::string name = host[0] == '\0' ? "worker" : host.data();
  name.resize(std::min(name.size(), limits::name_bytes_max - number.size()));
  return name + number;
}

std::optional<std::string> problem_of(const WorkerOptions& options) {
  if (auto problem = net::endpoint_problem(options.router, net::EndpointUse::connect)) {
    return problem;
  }
  if (options.name.size() > limits::name_bytes_max) {
    return "the worker's name has more than 128 bytes, choose a shorter one";
  }
  if (options.queues.empty()) return "a worker needs at least one queue";
  if (options.queues.size() > limits::queues_per_worker_max) {
    return "a worker can serve at most 1024 queues, start several workers";
  }
  for (const std::string& queue : options.queues) {
    if (core::is_queue_name(queue)) continue;
    return "'" + queue + "' is no queue name: use 1 to 128 letters, digits, '.', '_' and '-'";
  }
  if (options.weight > limits::weight_max) return "a weight is at most 10000";
  if (options.concurrency > limits::concurrency_max) return "a concurrency is at most 65536";
  return std::nullopt;
}

// In a row, by a thread that has jobs to run.
constexpr int turns_of_a_place = 2;

worker::SessionOptions session_options(const WorkerOptions& options) {
  worker::SessionOptions session;
  session.instance = net::random_uuid();
  session.router = options.router;
  session.name = options.name.empty() ? default_name() : options.name;
  session.queues = options.queues;
  session.weight = options.weight;
  session.concurrency = options.concurrency;
  session.seed = net::random_seed();
  return session;
}

WorkerOptions checked(WorkerOptions options) {
  if (const auto problem = problem_of(options)) throw Error(*problem, exit_code::configuration);
  return options;
}

}  // namespace

// Makes the driver's turns, one at a time, in the thread that needs it first: that of a free place,
// which takes its next job from the socket and sends what became of the last, or one whose jobs
// follow each other, every now and then. The thread of run() stands by for the rest: deadlines,
// what arrives while all places are taken, and people. It leaves the socket to a place that looks
// after it between jobs, until the alarm says that this one's job takes long.
class Worker::Impl {
 public:
  Impl(WorkerOptions options, Handler handler, std::function<void(const WorkerEvent&)> log)
      : log_(std::move(log)),
        driver_(session_options(checked(std::move(options))), executor_, places_, standby_),
        executor_(
            std::move(handler), alarm_, places_, [this] { return look(); }, [this] { glance(); }) {
    for (net::Watch* watch : {&standby_, &guarded_}) {
      watch->add(wakeup_.fd());
      watch->add(alarm_.fd());
    }
  }

  bool run() {
    ZCREW_CHECK(!std::exchange(began_, true));
    while (const auto until = work()) {
      net::Watch& watch = alarm_.is_set() ? guarded_ : standby_;
      watch.wait(*until - net::read_monotonic());
      wakeup_.drain();
      alarm_.drain();
    }
    const std::lock_guard turn(turn_);
    return driver_.unsettled() == 0;
  }

  void stop() noexcept {
    stops_.fetch_add(1, std::memory_order_relaxed);
    wakeup_.signal();
  }

  void drain() noexcept {
    drains_.store(true, std::memory_order_relaxed);
    wakeup_.signal();
  }

  void set_linger(std::chrono::milliseconds linger) {
    linger_ms_.store(linger.count(), std::memory_order_relaxed);
  }

 private:
  // Turns until nothing is to be done before the time it returns; nullopt: for ever.
  std::optional<Instant> work() {
    for (;;) {
      std::unique_lock turn(turn_);
      obey();
      driver_.explain();
      const bool more = driver_.turn();
      sleeps_until_ = more ? Instant::min() : driver_.next_deadline();
      const auto until = sleeps_until_;
      const bool stopped = driver_.stopped();
      const auto news = driver_.take_news();
      turn.unlock();
      for (const WorkerEvent& each : news) {
        if (log_) log_(each);
      }
      if (stopped) return std::nullopt;
      if (!more) return until;
    }
  }

  // A free place's turn. False: another thread makes one, and run()'s will look once more behind
  // it.
  bool look() {
    const std::unique_lock turn(turn_, std::try_to_lock);
    if (!turn || must_go_on()) wakeup_.signal();
    return turn.owns_lock();
  }

  // The turn of a place that goes on: it comes again, or the alarm goes off.
  void glance() {
    const std::unique_lock turn(turn_, std::try_to_lock);
    if (turn && must_go_on()) wakeup_.signal();
  }

  // Turns, as long as there is more to do, but a few: to wake run()'s thread for what has just come
  // takes longer. True if that has something to do that it does not wait for.
  bool must_go_on() {
    bool more = true;
    for (int i = 0; more && i < turns_of_a_place; ++i) more = driver_.turn();
    return more || is_wanted();
  }

  // True if only run()'s thread can go on, or would do so too late.
  [[nodiscard]] bool is_wanted() const {
    return driver_.has_news() || driver_.stopped() || driver_.next_deadline() < sleeps_until_;
  }

  // What stop() or drain() asked for.
  void obey() {
    const int asked = stops_.load(std::memory_order_relaxed);
    if (!drains_.exchange(false, std::memory_order_relaxed) && asked == obeyed_) return;
    const Duration linger = Milliseconds{linger_ms_.load(std::memory_order_relaxed)};
    driver_.drain(asked > 1 ? std::min(linger, hurried_linger) : linger);
    if (asked > 1) executor_.hurry();
    obeyed_ = asked;
  }

  const std::function<void(const WorkerEvent&)> log_;
  std::atomic<int> stops_{0};
  std::atomic<bool> drains_{false};
  std::atomic<std::chrono::milliseconds::rep> linger_ms_{10000};
  bool began_ = false;
  int obeyed_ = 0;

  net::Wakeup wakeup_;  // of run()'s thread
  net::Alarm alarm_;    // of the same
  net::Watch places_;
  net::Watch standby_;  // the socket, and what is in guarded_
  net::Watch guarded_;

  std::mutex turn_;
  // Protected by turn_:
  worker::Driver driver_;
  Instant sleeps_until_ = Instant::min();  // run()'s thread; min: it is awake

  worker::Executor executor_;  // last: its threads use all of the above
};

Worker::Worker(WorkerOptions options, Handler handler, std::function<void(const WorkerEvent&)> log)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler), std::move(log))) {}
Worker::~Worker() = default;

bool Worker::run() { return impl_->run(); }
void Worker::stop() { impl_->stop(); }
void Worker::drain() { impl_->drain(); }
void Worker::set_linger(std::chrono::milliseconds linger) { impl_->set_linger(linger); }

}  // namespace zcrew
