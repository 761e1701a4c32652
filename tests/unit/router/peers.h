// A router in a thread of the test, and peers that talk to it over real sockets, message by
// message, with the real codec and no judgement of their own.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "net/clock.h"
#include "net/entropy.h"
#include "net/socket.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "zcrew/router.h"

namespace zcrew::router {

inline constexpr Duration test_patience = std::chrono::seconds{20};

inline RouterOptions test_options() {
  RouterOptions options;
  options.clients = "tcp://127.0.0.1:*";
  options.workers = "tcp://127.0.0.1:*";
  options.journal = ":memory:";
  return options;
}

// Runs until stop(), and ends at once when the test is over.
class RunningRouter {
 public:
  explicit RunningRouter(const RouterOptions& options = test_options())
      : router_(std::make_unique<Router>(options, [](LogLevel, const std::string&) {})),
        frontend_(router_->frontend()),
        backend_(router_->backend()),
        thread_([this] { exit_code_ = router_->run(); }) {}
  ~RunningRouter() {
    if (!thread_.joinable()) return;
    router_->stop();
    router_->stop();
    thread_.join();
  }
  RunningRouter(const RunningRouter&) = delete;
  RunningRouter& operator=(const RunningRouter&) = delete;

  [[nodiscard]] const std::string& frontend() const { return frontend_; }
  [[nodiscard]] const std::string& backend() const { return backend_; }

  void stop() { router_->stop(); }
  // Waits for the end, closes everything, and returns the exit code.
  int wait() {
    thread_.join();
    router_.reset();
    return exit_code_;
  }

 private:
  std::unique_ptr<Router> router_;
  std::string frontend_;
  std::string backend_;
  std::atomic<int> exit_code_{-1};
  std::thread thread_;
};

// A connection to one of the router's sockets.
class TestPeer {
 public:
  TestPeer(net::Context& context, const std::string& endpoint)
      : socket_(std::make_unique<net::DealerSocket>(context, endpoint, 0)) {
    net::DealerSocket::Link link{};
    const bool connected = wait(socket_->raw_monitor(), [&] {
      return socket_->take_link_event(link) && link == net::DealerSocket::Link::connected;
    });
    REQUIRE(connected);
  }

  template <typename Message>
  void send(const Message& message) {
    std::string frame;
    wire::encode(message, frame);
    send_frame(frame);
  }
  template <typename Entry>
  void send_entries(const std::vector<Entry>& entries) {
    wire::Packer<Entry> packer;
    for (const auto& entry : entries) packer.add(entry);
    send_frame(packer.finish());
  }
  void send_frame(std::string_view frame) {
    REQUIRE(socket_->send(frame) == net::SendStatus::sent);
  }

  // The next message of this type; others are skipped. Views live until the next call.
  template <typename Message>
  Message expect_from_frontend() {
    return expect<Message>([](std::string_view frame) { return wire::decode_to_client(frame); });
  }
  template <typename Message>
  Message expect_from_backend() {
    return expect<Message>([](std::string_view frame) { return wire::decode_to_worker(frame); });
  }

  void disconnect() { socket_.reset(); }

 private:
  template <typename Message, typename Decode>
  Message expect(Decode decode) {
    std::optional<Message> wanted;
    const bool came = wait(socket_->raw(), [&] {
      std::string_view frame;
      if (!socket_->receive(frame)) return false;
      frame_ = frame;
      auto message = decode(std::string_view(frame_));
      REQUIRE(message);
      if (auto* found = std::get_if<Message>(&*message)) wanted = std::move(*found);
      return wanted.has_value();
    });
    REQUIRE(came);
    return std::move(*wanted);
  }

  template <typename Condition>
  static bool wait(void* socket, Condition condition) {
    const Instant deadline = net::read_clocks().mono + test_patience;
    while (!condition()) {
      if (net::read_clocks().mono >= deadline) return false;
      void* const sockets[] = {socket};
      net::poll(sockets, {}, Milliseconds{1});
    }
    return true;
  }

  std::unique_ptr<net::DealerSocket> socket_;
  std::string frame_;
};

struct TestClient : TestPeer {
  TestClient(net::Context& context, const RunningRouter& router)
      : TestPeer(context, router.frontend()) {}

  wire::ClientWelcome hello() {
    send(wire::ClientHello{wire::protocol_version, session, next_batch, "test"});
    return expect_from_frontend<wire::ClientWelcome>();
  }

  // One job; returns its batch number.
  std::uint64_t submit(std::string_view payload, wire::ResultMode result = wire::ResultMode::none,
                       std::string_view queue = "default") {
    wire::Submit message;
    message.batch = next_batch;
    message.floor = next_batch;
    wire::SubmitGroup group;
    group.options.queue = queue;
    group.options.result = result;
    group.items.push_back({0, payload, {}});
    message.groups.push_back(std::move(group));
    send(message);
    return next_batch++;
  }

  wire::AdminReply ask(std::string_view verb, std::string_view arguments = "{}") {
    send(wire::Admin{++request, verb, arguments});
    const auto reply = expect_from_frontend<wire::AdminReply>();
    REQUIRE(reply.request == request);
    return reply;
  }

  Uuid session = net::random_uuid();
  std::uint64_t next_batch = 1;
  std::uint64_t request = 0;
};

struct TestWorker : TestPeer {
  TestWorker(net::Context& context, const RunningRouter& router)
      : TestPeer(context, router.backend()) {}

  wire::WorkerWelcome hello(std::vector<std::string_view> queues = {"default"}) {
    wire::WorkerHello message;
    message.instance = instance;
    message.name = "w1";
    message.concurrency = 1;
    message.queues = std::move(queues);
    send(message);
    return expect_from_backend<wire::WorkerWelcome>();
  }

  wire::RunItem expect_run() {
    const auto run = expect_from_backend<wire::RunMessage>();
    REQUIRE(run.entries.size() == 1);
    return run.entries.front();
  }

  void finish(const Token& token, wire::Outcome outcome, std::string_view bytes) {
    send_entries(std::vector<wire::OutcomeItem>{{token, outcome, 1000, 1000, 0, bytes}});
  }

  Token expect_settled() {
    const auto settled = expect_from_backend<wire::SettledMessage>();
    REQUIRE(settled.entries.size() == 1);
    REQUIRE(settled.entries.front().count == 1);
    return settled.entries.front().first;
  }

  Uuid instance = net::random_uuid();
};

}  // namespace zcrew::router
