// The shell around Session and Executor: a socket, a clock, a wakeup, and the turn of the loop.
#include "zcrew/worker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "core/names.h"
#include "net/clock.h"
#include "net/endpoint.h"
#include "net/entropy.h"
#include "net/socket.h"
#include "wire/decode.h"
#include "worker/executor.h"
#include "worker/session.h"

namespace zcrew {
namespace {

// Messages read before the loop turns to outcomes, heartbeats and the executor again.
constexpr int messages_per_turn = 256;

// What docs/protocol.md, P-3.13, lets a frame have beside its payload.
constexpr std::uint64_t frame_bytes_max = limits::payload_bytes_max + (std::uint64_t{4} << 20U);

// For BYE to leave before the socket is closed.
constexpr Milliseconds farewell{1000};

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

WorkerEvent::Kind to_public(worker::Note::Kind kind) {
  switch (kind) {
    case worker::Note::Kind::connected:
      return WorkerEvent::Kind::connected;
    case worker::Note::Kind::disconnected:
      return WorkerEvent::Kind::disconnected;
    case worker::Note::Kind::refused:
      return WorkerEvent::Kind::refused;
    case worker::Note::Kind::draining:
      return WorkerEvent::Kind::draining;
    case worker::Note::Kind::stopped:
      break;
  }
  return WorkerEvent::Kind::stopped;
}

}  // namespace

class Worker::Impl {
 public:
  Impl(WorkerOptions options, Handler handler, std::function<void(const WorkerEvent&)> log)
      : options_(checked(std::move(options))),
        log_(std::move(log)),
        executor_(std::move(handler), wakeup_),
        session_(session_options(options_)) {}

  bool run() {
    ZCREW_CHECK(!std::exchange(began_, true));
    while (!session_.stopped()) {
      const bool more = read_socket();
      read_executor();
      obey();
      session_.turn(net::read_clocks().mono, effects_);
      carry_out();
      if (!session_.stopped()) wait(more);
    }
    return session_.unsettled() == 0;
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
  // True if there may be more to read.
  bool read_socket() {
    if (!socket_) return false;
    const Instant now = net::read_clocks().mono;
    net::DealerSocket::Link link{};
    while (socket_->take_link_event(link)) {
      if (link == net::DealerSocket::Link::connected) {
        tell_unreachable_ = true;
        session_.connected(now, effects_);
      } else if (link == net::DealerSocket::Link::retrying) {
        unreachable();
      } else {
        while (read_message(now)) {
        }
        session_.disconnected(now, effects_);
        return false;
      }
    }
    for (int i = 0; i < messages_per_turn; ++i) {
      if (!read_message(now)) return false;
    }
    return true;
  }

  bool read_message(Instant now) {
    std::string_view frame;
    if (!socket_->receive(frame)) return false;
    if (const auto message = wire::decode_to_worker(frame)) {
      session_.receive(now, *message, effects_);
    } else {
      session_.malformed(now, message.error().code, message.error().text, effects_);
    }
    return true;
  }

  void read_executor() {
    wakeup_.drain();
    executor_.take_finished(finished_);
    for (worker::FinishedJob& job : finished_) session_.finished(std::move(job));
    finished_.clear();
  }

  // What stop() or drain() asked for.
  void obey() {
    const int asked = stops_.load(std::memory_order_relaxed);
    if (!drains_.exchange(false, std::memory_order_relaxed) && asked == obeyed_) return;
    const Instant now = net::read_clocks().mono;
    const Duration linger = Milliseconds{linger_ms_.load(std::memory_order_relaxed)};
    session_.set_linger(now, asked > 1 ? std::min(linger, hurried_linger) : linger);
    session_.drain(now, effects_);
    if (asked > 1) executor_.hurry();
    obeyed_ = asked;
  }

  void carry_out() {
    const bool sent = send_frames();
    if (effects_.close) {
      if (socket_ && session_.stopped()) socket_->set_linger(farewell);
      socket_.reset();
    }
    if (effects_.open) open();
    // A connection that takes nothing more is over; this is in the next turn's effects.
    const bool broken = !sent && !effects_.close;
    executor_.set_concurrency(session_.concurrency());
    if (!effects_.abandoned.empty()) executor_.abandon(effects_.abandoned);
    if (!effects_.start.empty()) executor_.start(effects_.start);
    if (!effects_.give_back.empty()) {
      for (const Token& token : executor_.take_unstarted(effects_.give_back)) {
        session_.returned(token);
      }
      again_ = true;
    }
    for (const auto& note : effects_.notes) tell(to_public(note.kind), note.text);
    effects_.clear();
    if (broken) {
      session_.disconnected(net::read_clocks().mono, effects_);
      again_ = true;
    }
  }

  bool send_frames() {
    return std::all_of(effects_.frames.begin(), effects_.frames.end(), [&](const auto& frame) {
      return socket_ && socket_->send(frame) == net::SendStatus::sent;
    });
  }

  void open() {
    try {
      socket_.emplace(context_, options_.router, frame_bytes_max);
    } catch (const Error& error) {
      if (std::exchange(tell_unreachable_, false)) {
        tell(WorkerEvent::Kind::disconnected, std::string(error.what()) + ". Trying again");
      }
      session_.disconnected(net::read_clocks().mono, effects_);
    }
  }

  void wait(bool more) {
    const Duration patience = session_.deadline() - net::read_clocks().mono;
    if (more || std::exchange(again_, false) || patience <= Duration::zero()) return;
    const int descriptor = wakeup_.fd();
    if (socket_) {
      const std::array<void*, 2> sockets = {socket_->raw(), socket_->raw_monitor()};
      net::poll(sockets, {&descriptor, 1}, patience);
    } else {
      net::poll({}, {&descriptor, 1}, patience);
    }
  }

  // Nobody answers: said once, until somebody has.
  void unreachable() {
    if (!std::exchange(tell_unreachable_, false)) return;
    const auto name = net::name_problem(options_.router);
    tell(WorkerEvent::Kind::disconnected,
         name ? *name + ". Trying again"
              : "no router answers at " + options_.router +
                    ": start one, or check the address (workers use its port 5556 unless told "
                    "otherwise). Trying again");
  }

  void tell(WorkerEvent::Kind kind, const std::string& text) {
    if (log_) log_({kind, text});
  }

  const WorkerOptions options_;
  const std::function<void(const WorkerEvent&)> log_;
  std::atomic<int> stops_{0};
  std::atomic<bool> drains_{false};
  std::atomic<std::chrono::milliseconds::rep> linger_ms_{10000};

  net::Wakeup wakeup_;  // by stop() and by finished jobs
  net::Context context_;
  worker::Executor executor_;
  worker::Session session_;
  worker::Effects effects_;
  std::vector<worker::FinishedJob> finished_;
  std::optional<net::DealerSocket> socket_;
  bool began_ = false;
  bool again_ = false;  // this turn made work for the next
  bool tell_unreachable_ = true;
  int obeyed_ = 0;
};

Worker::Worker(WorkerOptions options, Handler handler, std::function<void(const WorkerEvent&)> log)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler), std::move(log))) {}
Worker::~Worker() = default;

bool Worker::run() { return impl_->run(); }
void Worker::stop() { impl_->stop(); }
void Worker::drain() { impl_->drain(); }
void Worker::set_linger(std::chrono::milliseconds linger) { impl_->set_linger(linger); }

}  // namespace zcrew
