// Bare on purpose, so that the limit is libzmq's and not that of a wrapper.
//
// A message is a stamp and `pack` payloads. The ROUTER hands it to the next worker that has room,
// and takes the worker's short answer back to the producer.
#include "bench/pass_through.h"

#include <poll.h>
// tidy: allow(foreign) the limit is what libzmq itself can do
#include <zmq.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include "bench/child.h"
#include "bench/stamp.h"
#include "bench/usage.h"
#include "zcrew/error.h"

namespace zcrew::tool::bench {

namespace {

// Messages out at a worker: enough that it never waits for the wire.
constexpr unsigned worker_room = 64;
constexpr int high_water_mark = 100000;

// A socket that ends with its process; nothing is sent after the benchmark is over.
void* open(int type) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): lives as the process does
  static void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, type);
  const int none = 0;
  zmq_setsockopt(socket, ZMQ_SNDHWM, &high_water_mark, sizeof high_water_mark);
  zmq_setsockopt(socket, ZMQ_RCVHWM, &high_water_mark, sizeof high_water_mark);
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  return socket;
}

std::string bound(void* socket) {
  std::array<char, 128> endpoint{};
  std::size_t size = endpoint.size();
  if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 ||
      zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint.data(), &size) != 0) {
    throw Error("the pass-through cannot listen on a local port", exit_code::io_error);
  }
  return endpoint.data();
}

void wait_for(std::initializer_list<void*> sockets, long ms) {
  std::array<zmq_pollitem_t, 2> items{};
  int count = 0;
  for (void* socket : sockets)
    items[static_cast<std::size_t>(count++)] = {socket, 0, ZMQ_POLLIN, 0};
  zmq_poll(items.data(), count, ms);
}

// ---- the router ----

class Router {
 public:
  explicit Router(Board& board) : board_(board) {
    const std::string clients = bound(front_);
    const std::string workers = bound(back_);
    std::copy(clients.begin(), clients.end(), board.frontend.begin());
    std::copy(workers.begin(), workers.end(), board.backend.begin());
    board.router_here = true;
    zmq_msg_init(&id_);
    zmq_msg_init(&body_);
  }

  void run() {
    while (board_.stage < Stage::over) {
      const bool busy = take_answers() || take_jobs();
      if (!busy) wait_for({front_, back_}, 100);
    }
  }

 private:
  struct Worker {
    std::string id;
    unsigned out = 0;
  };

  // A short budget, so that answers and jobs take turns.
  static constexpr int budget = 64;

  // The routing id, and the frames behind it up to the body, which is the last.
  bool receive(void* socket, std::string& sender, std::string& second) {
    if (zmq_msg_recv(&id_, socket, ZMQ_DONTWAIT) < 0) return false;
    sender.assign(static_cast<const char*>(zmq_msg_data(&id_)), zmq_msg_size(&id_));
    zmq_msg_recv(&body_, socket, 0);
    second.clear();
    if (zmq_msg_more(&body_) != 0) {
      second.assign(static_cast<const char*>(zmq_msg_data(&body_)), zmq_msg_size(&body_));
      zmq_msg_recv(&body_, socket, 0);
    }
    return true;
  }

  bool take_answers() {
    int taken = 0;
    for (; taken < budget && receive(back_, sender_, second_); ++taken) {
      const auto known = std::find_if(workers_.begin(), workers_.end(),
                                      [&](const Worker& worker) { return worker.id == sender_; });
      if (known == workers_.end()) {
        workers_.push_back({sender_, 0});
        continue;
      }
      --known->out;
      ++room_;
      zmq_send(front_, second_.data(), second_.size(), ZMQ_SNDMORE);
      zmq_msg_send(&body_, front_, 0);
    }
    return taken > 0;
  }

  bool take_jobs() {
    int taken = 0;
    for (; taken < budget; ++taken) {
      Worker* worker = next_worker();
      if (worker == nullptr || !receive(front_, sender_, second_)) break;
      ++worker->out;
      zmq_send(back_, worker->id.data(), worker->id.size(), ZMQ_SNDMORE);
      zmq_send(back_, sender_.data(), sender_.size(), ZMQ_SNDMORE);
      zmq_msg_send(&body_, back_, 0);
    }
    return taken > 0;
  }

  Worker* next_worker() {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      Worker& worker = workers_[next_++ % workers_.size()];
      if (worker.out < worker_room) return &worker;
    }
    return nullptr;
  }

  Board& board_;
  void* front_ = open(ZMQ_ROUTER);
  void* back_ = open(ZMQ_ROUTER);
  zmq_msg_t id_{};
  zmq_msg_t body_{};
  std::string sender_;
  std::string second_;
  std::vector<Worker> workers_;
  std::size_t next_ = 0;
  std::uint64_t room_ = 0;
};

// ---- a producer ----

class Producer {
 public:
  Producer(Board& board, const Plan& plan, unsigned index)
      : board_(board), me_(board.producer[index]), plan_(plan), index_(index) {
    zmq_connect(socket_, board.frontend.data());
    share_ = plan.first_job(index + 1) - plan.first_job(index);
    tick_ns_ = plan.rate > 0 ? 1e9 * plan.producers / plan.rate : 0;
  }

  void run() {
    me_.here = true;
    board_.await(Stage::fill);
    me_.begin_ns = now_ns();
    begin_ns_ = static_cast<double>(now_ns()) + tick_ns_ * index_ / plan_.producers;
    while (answered_ < share_ && board_.stage < Stage::over) {
      while (send_some()) {
      }
      take_answers();
    }
    board_.await(Stage::over);
  }

 private:
  bool send_some() {
    if (sent_ >= share_) return false;
    std::uint64_t count = std::min(plan_.own_pack(), share_ - sent_);
    std::uint64_t intended = now_ns();
    if (tick_ns_ > 0) {
      const std::uint64_t now = intended;
      if (due(sent_) > now) return false;
      intended = due(sent_);
      for (count = 1; count < plan_.pack && sent_ + count < share_; ++count) {
        if (due(sent_ + count) > now) break;
      }
    } else if (sent_ - answered_ + count > plan_.own_in_flight()) {
      return false;
    }
    message_.resize(count * plan_.payload_bytes, 'x');
    write_stamp(message_.data(), {count, intended});
    zmq_send(socket_, message_.data(), message_.size(), 0);
    sent_ += count;
    me_.sent.store(sent_, std::memory_order_relaxed);
    return true;
  }

  void take_answers() {
    Stamp stamp;
    bool any = false;
    while (zmq_recv(socket_, &stamp, sizeof stamp, ZMQ_DONTWAIT) == sizeof stamp) {
      any = true;
      const std::uint64_t now = now_ns();
      for (std::uint64_t i = 0; i < stamp.number; ++i) board_.confirm.add(now - stamp.intended_ns);
      answered_ += stamp.number;
      me_.confirmed.store(answered_, std::memory_order_relaxed);
      me_.last_ns.store(now, std::memory_order_relaxed);
    }
    if (!any) wait();
  }

  // For an answer, or until the next tick, which comes sooner than zmq_poll's milliseconds.
  void wait() {
    if (tick_ns_ == 0 || sent_ >= share_) return wait_for({socket_}, 100);
    const std::uint64_t tick = due(sent_);
    const std::uint64_t now = now_ns();
    if (tick <= now) return;
    int descriptor = -1;
    std::size_t size = sizeof descriptor;
    zmq_getsockopt(socket_, ZMQ_FD, &descriptor, &size);
    int events = 0;
    size = sizeof events;
    zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size);
    if ((events & ZMQ_POLLIN) != 0) return;
    pollfd item{descriptor, POLLIN, 0};
    const timespec patience{static_cast<time_t>((tick - now) / 1000000000U),
                            static_cast<long>((tick - now) % 1000000000U)};
    ::ppoll(&item, 1, &patience, nullptr);
  }

  [[nodiscard]] std::uint64_t due(std::uint64_t job) const {
    return static_cast<std::uint64_t>(begin_ns_ + tick_ns_ * static_cast<double>(job));
  }

  Board& board_;
  Player& me_;
  const Plan& plan_;
  const unsigned index_;
  void* socket_ = open(ZMQ_DEALER);
  std::uint64_t share_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  double tick_ns_ = 0;
  double begin_ns_ = 0;
  std::string message_;
};

// ---- a worker ----

void work(Board& board, unsigned index) {
  void* socket = open(ZMQ_DEALER);
  zmq_connect(socket, board.backend.data());
  zmq_send(socket, "", 0, 0);
  Player& me = board.worker[index];
  me.here = true;
  zmq_msg_t client;
  zmq_msg_t body;
  zmq_msg_init(&client);
  zmq_msg_init(&body);
  while (board.stage < Stage::over) {
    if (zmq_msg_recv(&client, socket, ZMQ_DONTWAIT) < 0) {
      wait_for({socket}, 100);
      continue;
    }
    zmq_msg_recv(&body, socket, 0);
    const Stamp stamp =
        read_stamp({static_cast<const char*>(zmq_msg_data(&body)), zmq_msg_size(&body)});
    const std::uint64_t now = now_ns();
    for (std::uint64_t i = 0; i < stamp.number; ++i) {
      board.end_to_end.add(now - std::min(now, stamp.intended_ns));
    }
    zmq_msg_send(&client, socket, ZMQ_SNDMORE);
    zmq_send(socket, &stamp, sizeof stamp, 0);
    me.done.fetch_add(stamp.number, std::memory_order_relaxed);
    me.last_ns.store(now, std::memory_order_relaxed);
  }
}

}  // namespace

PassThrough pass_through(Board& board, const Plan& plan) {
  std::vector<Child> children;
  children.emplace_back(board, [&] { Router(board).run(); });
  const pid_t router = children.front().pid();
  const auto patience_ns = static_cast<std::uint64_t>(plan.patience.count()) * 1000000U;
  std::uint64_t seen = 0;
  std::uint64_t moved_at = now_ns();
  const auto wait = [&](const auto& condition) {
    while (!condition()) {
      if (board.confirmed() != seen) {
        seen = board.confirmed();
        moved_at = now_ns();
      }
      if (board.failed || now_ns() - moved_at > patience_ns) {
        throw Error("the pass-through does not get on", exit_code::timeout);
      }
      sleep_until(now_ns() + 5000000);
    }
    moved_at = now_ns();
  };
  wait([&] { return board.router_here.load(); });
  for (unsigned i = 0; i < plan.workers; ++i)
    children.emplace_back(board, [&board, i] { work(board, i); });
  wait([&] {
    return std::all_of(board.worker.begin(), board.worker.begin() + plan.workers,
                       [](const Player& player) { return player.here.load(); });
  });
  for (unsigned i = 0; i < plan.producers; ++i) {
    children.emplace_back(board, [&board, &plan, i] { Producer(board, plan, i).run(); });
  }
  const std::uint64_t cpu = cpu_ns(router);
  board.stage = Stage::work;
  wait([&] { return board.confirmed() >= plan.all_jobs(); });
  PassThrough result;
  std::uint64_t begin = ~std::uint64_t{0};
  std::uint64_t end = 0;
  for (const Player& player : board.producer) {
    if (player.begin_ns == 0) continue;
    begin = std::min<std::uint64_t>(begin, player.begin_ns);
    end = std::max<std::uint64_t>(end, player.last_ns);
  }
  const auto jobs = static_cast<double>(plan.all_jobs());
  result.jobs_per_s = jobs * 1e9 / static_cast<double>(end - begin);
  result.router_cpu_s_per_million = static_cast<double>(cpu_ns(router) - cpu) / 1000 / jobs;
  board.stage = Stage::over;
  for (Child& child : children) child.join(1000000000U);
  return result;
}

}  // namespace zcrew::tool::bench
