// A router played by a test: a real socket, the real codec, and no judgement of its own.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "attempts.h"
#include "net/clock.h"
#include "net/socket.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "zcrew/worker.h"

namespace zcrew::worker {

class FakeRouter {
 public:
  explicit FakeRouter(const std::string& endpoint = "tcp://127.0.0.1:*")
      : socket_(
            std::make_unique<net::RouterSocket>(context_, net::RouterSocketOptions{endpoint, 0})) {}

  [[nodiscard]] const std::string& endpoint() const { return socket_->endpoint(); }

  // Waits for the next message of the type; others are skipped. Views live until the next call.
  template <typename Message>
  Message expect(Duration patience = std::chrono::seconds{10}) {
    const Instant deadline = net::read_clocks().mono + patience;
    while (net::read_clocks().mono < deadline) {
      net::Received received;
      if (!socket_->receive(received)) {
        void* const raw = socket_->raw();
        net::poll({&raw, 1}, {}, Milliseconds{20});
        continue;
      }
      peer_ = received.peer;
      frames_.assign(received.frames.begin(), received.frames.end());
      views_.assign(frames_.begin(), frames_.end());
      const auto message = wire::decode_backend(views_);
      REQUIRE(message);
      if (const auto* wanted = std::get_if<Message>(&message.value())) return *wanted;
    }
    throw std::runtime_error("the worker did not send what the test waits for");
  }

  // The next OUTCOME, one item for each attempt.
  std::vector<wire::OutcomeItem> expect_outcomes() {
    return attempts_of(expect<wire::OutcomeMessage>());
  }

  // To whom the last message came from.
  template <typename Message>
  net::SendStatus send(const Message& message) {
    std::string frame;
    wire::encode(message, frame);
    return send_frame(frame);
  }
  net::SendStatus send_frame(std::string_view frame) { return socket_->send(peer_, {&frame, 1}); }

  void welcome(std::vector<Token> abandon = {}, std::uint32_t heartbeat_ms = 1000) {
    wire::WorkerWelcome message;
    message.epoch = 7;
    message.heartbeat_ms = heartbeat_ms;
    message.liveness = 1000;  // this router says nothing of itself, and machines are slow
    message.concurrency = 2;
    message.queues = {{1, "default"}};
    message.abandon = std::move(abandon);
    REQUIRE(send(message) == net::SendStatus::sent);
  }

  void run(const std::vector<wire::RunItem>& items) {
    wire::Packer<wire::RunItem> packer;
    for (const auto& item : items) packer.add(item);
    REQUIRE(send_frame(packer.finish()) == net::SendStatus::sent);
  }

  void settle(const Token& token) {
    wire::Packer<wire::TokenRun> packer;
    packer.add({token, 1});
    REQUIRE(send_frame(packer.finish()) == net::SendStatus::sent);
  }

  // As after a crash: the socket goes, a new one listens at the same place.
  void restart() {
    const std::string endpoint = socket_->endpoint();
    socket_.reset();
    for (int attempt = 0;; ++attempt) {
      try {
        socket_ =
            std::make_unique<net::RouterSocket>(context_, net::RouterSocketOptions{endpoint, 0});
        return;
      } catch (const Error&) {
        // libzmq closes sockets behind our back, and may take a moment.
        if (attempt == 1000) throw;
        net::poll({}, {}, Milliseconds{5});
      }
    }
  }

 private:
  net::Context context_;
  std::unique_ptr<net::RouterSocket> socket_;
  Peer peer_{};
  std::vector<std::string> frames_;
  std::vector<std::string_view> views_;
};

// A Worker whose run() has a thread of its own.
class RunningWorker {
 public:
  RunningWorker(const std::string& endpoint, Handler handler)
      : worker_(options(endpoint), std::move(handler),
                [this](const WorkerEvent& event) {
                  const std::lock_guard guard(lock_);
                  events_.push_back(event);
                }),
        thread_([this] { settled_ = worker_.run(); }) {}
  ~RunningWorker() {
    if (thread_.joinable()) {
      worker_.set_linger(Milliseconds{0});
      worker_.stop();
      worker_.stop();
      thread_.join();
    }
  }
  RunningWorker(const RunningWorker&) = delete;
  RunningWorker& operator=(const RunningWorker&) = delete;

  Worker& worker() { return worker_; }

  // What run() returned.
  bool join() {
    thread_.join();
    return settled_;
  }

  [[nodiscard]] std::vector<WorkerEvent> events() {
    const std::lock_guard guard(lock_);
    return events_;
  }
  bool wait_for_events(std::size_t count) {
    const Instant deadline = net::read_clocks().mono + std::chrono::seconds{10};
    while (events().size() < count) {
      if (net::read_clocks().mono > deadline) return false;
      net::poll({}, {}, Milliseconds{2});
    }
    return true;
  }

 private:
  static WorkerOptions options(const std::string& endpoint) {
    WorkerOptions options;
    options.router = endpoint;
    options.name = "tested";
    options.weight = 2;
    return options;
  }

  std::mutex lock_;
  std::vector<WorkerEvent> events_;  // before the thread that fills it
  Worker worker_;
  bool settled_ = false;
  std::thread thread_;
};

inline Token a_token(Sequence sequence) { return {{1, 5, sequence}, 1, 7}; }

}  // namespace zcrew::worker
