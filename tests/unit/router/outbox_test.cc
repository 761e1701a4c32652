#include "router/outbox.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "wire/decode.h"
#include "wire/guide.h"

namespace zcrew::router {
namespace {

using core::Side;

constexpr Peer client{11};
constexpr Peer worker{22};

struct Sent {
  Side side;
  Peer peer;
  std::vector<std::string> frames;
};

// Keeps what is sent; a peer with a verdict gets that instead.
struct RecordingSink : FrameSink {
  net::SendStatus send(Side side, Peer peer, std::span<const std::string_view> frames) override {
    ++attempts;
    const auto verdict = verdicts.find(peer);
    if (verdict != verdicts.end()) return verdict->second;
    sent.push_back({side, peer, {frames.begin(), frames.end()}});
    return net::SendStatus::sent;
  }
  std::vector<Sent> sent;
  std::map<Peer, net::SendStatus> verdicts;
  int attempts = 0;
};

struct Fixture {
  RecordingSink sink;
  Outbox outbox{sink};

  void to_client(core::Message message) {
    outbox.add({client, Side::frontend, std::move(message)});
  }
  void to_worker(core::Message message) { outbox.add({worker, Side::backend, std::move(message)}); }
  template <typename T>
  T client_message(std::size_t i) {
    auto decoded = wire::decode_to_client(sink.sent.at(i).frames.at(0));
    REQUIRE(decoded);
    REQUIRE(std::holds_alternative<T>(*decoded));
    return std::get<T>(std::move(*decoded));
  }
  template <typename T>
  T worker_message(std::size_t i) {
    auto decoded = wire::decode_to_worker(sink.sent.at(i).frames.at(0));
    REQUIRE(decoded);
    REQUIRE(std::holds_alternative<T>(*decoded));
    return std::get<T>(std::move(*decoded));
  }
};

Token token(Sequence sequence) { return {{1, 5, sequence}, 1, 1}; }
wire::TokenRun settled(Sequence sequence) { return {token(sequence), 1}; }
wire::Confirm confirm(std::uint64_t batch) { return {batch, 0, 1, {1, 5, batch}}; }
wire::RunItem run(Sequence sequence, std::string_view payload = "x") {
  return {token(sequence), 1, 0, payload};
}

TEST_CASE_FIXTURE(Fixture, "entries of one kind and peer share a message") {
  for (Sequence i = 1; i <= 3; ++i) to_worker(run(i));
  CHECK(sink.sent.empty());
  outbox.flush();
  REQUIRE(sink.sent.size() == 1);
  CHECK(sink.sent[0].side == Side::backend);
  CHECK(sink.sent[0].peer == worker);
  const auto message = worker_message<wire::RunMessage>(0);
  REQUIRE(message.entries.size() == 3);
  CHECK(message.entries[0].token == token(1));
  CHECK(message.entries[2].token == token(3));
}

TEST_CASE_FIXTURE(Fixture, "payloads are copied: their views may die before the flush") {
  {
    const std::string payload(100, 'p');
    to_worker(run(1, payload));
  }
  outbox.flush();
  CHECK(worker_message<wire::RunMessage>(0).entries[0].payload == std::string(100, 'p'));
}

TEST_CASE_FIXTURE(Fixture, "each peer and kind has a message of its own") {
  to_client(confirm(1));
  to_worker(run(1));
  to_worker(settled(9));
  to_client(wire::JobResult{1, 0, {1, 5, 1}, wire::End::done, 1, "w", "", "r"});
  outbox.flush();
  REQUIRE(sink.sent.size() == 4);
  CHECK(client_message<wire::ConfirmMessage>(0).entries.size() == 1);
  CHECK(client_message<wire::ResultMessage>(1).entries[0].bytes == "r");
  CHECK(worker_message<wire::SettledMessage>(2).entries[0] == settled(9));
  CHECK(worker_message<wire::RunMessage>(3).entries.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a welcome leaves before the entries that follow it") {
  to_worker(wire::WorkerWelcome{wire::protocol_version, 1, 1000, 3, 1, {}, {}});
  to_worker(run(1));
  outbox.flush();
  REQUIRE(sink.sent.size() == 2);
  worker_message<wire::WorkerWelcome>(0);
  worker_message<wire::RunMessage>(1);
}

TEST_CASE_FIXTURE(Fixture, "a bye leaves after the entries before it") {
  to_client(confirm(1));
  to_client(wire::Bye{});
  outbox.flush();
  REQUIRE(sink.sent.size() == 2);
  client_message<wire::ConfirmMessage>(0);
  client_message<wire::Bye>(1);
}

TEST_CASE_FIXTURE(Fixture, "a message is closed when it has reached its size") {
  const std::string payload(limits::message_bytes_target / 4, 'p');
  for (Sequence i = 1; i <= 4; ++i) to_worker(run(i, payload));
  REQUIRE(sink.sent.size() == 1);
  to_worker(run(5));
  outbox.flush();
  REQUIRE(sink.sent.size() == 2);
  CHECK(worker_message<wire::RunMessage>(0).entries.size() == 4);
  CHECK(worker_message<wire::RunMessage>(1).entries.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a message never has more entries than a decoder takes") {
  const std::uint32_t count = limits::entries_per_message_max + 1;
  for (Sequence i = 1; i <= count; ++i) to_worker(settled(i));
  outbox.flush();
  std::size_t entries = 0;
  for (std::size_t i = 0; i < sink.sent.size(); ++i) {
    entries += worker_message<wire::SettledMessage>(i).entries.size();
  }
  CHECK(entries == count);
}

TEST_CASE_FIXTURE(Fixture, "a large message is announced by a heartbeat with its size") {
  to_worker(run(1, std::string(std::size_t{2} << 20U, 'p')));
  outbox.flush();
  REQUIRE(sink.sent.size() == 2);
  CHECK(worker_message<wire::Heartbeat>(0).coming_bytes == sink.sent[1].frames[0].size());
  CHECK(worker_message<wire::RunMessage>(1).entries.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "Guide peers get their own frames, at once") {
  to_worker(core::ToGuideWorker{token(7), "body"});
  to_worker(core::GuideBeat{wire::GuideSpelling::word});
  to_client(core::ToGuideClient{"answer"});
  REQUIRE(sink.sent.size() == 3);
  REQUIRE(sink.sent[0].frames.size() == 3);
  CHECK(wire::decode_envelope(sink.sent[0].frames[0]) == token(7));
  CHECK(sink.sent[0].frames[1].empty());
  CHECK(sink.sent[0].frames[2] == "body");
  CHECK(sink.sent[1].frames == std::vector<std::string>{"HEARTBEAT"});
  CHECK(sink.sent[2].frames == std::vector<std::string>{"", "answer"});
}

TEST_CASE_FIXTURE(Fixture, "a refused peer is reported once and gets nothing more") {
  for (const auto verdict : {net::SendStatus::gone, net::SendStatus::full}) {
    sink.verdicts[worker] = verdict;
    sink.attempts = 0;
    to_worker(run(1));
    to_worker(settled(2));
    outbox.flush();
    to_worker(run(3));
    outbox.flush();
    CHECK(sink.attempts == 1);
    std::vector<PeerAt> refused;
    outbox.take_refused(refused);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].peer == worker);
    CHECK(refused[0].side == Side::backend);
    refused.clear();
    outbox.take_refused(refused);
    CHECK(refused.empty());
    outbox.forget(worker);
  }
}

TEST_CASE_FIXTURE(Fixture, "a forgotten peer's entries are forgotten too") {
  to_worker(run(1));
  outbox.forget(worker);
  outbox.flush();
  CHECK(sink.sent.empty());
  to_worker(run(2));
  outbox.flush();
  CHECK(sink.sent.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "an admin's answer comes after what was said before") {
  to_client(confirm(1));
  outbox.add(client, wire::AdminReply{42, wire::ErrorCode::none, "{}"});
  outbox.flush();
  REQUIRE(sink.sent.size() == 2);
  client_message<wire::ConfirmMessage>(0);
  CHECK(client_message<wire::AdminReply>(1).request == 42);
}

}  // namespace
}  // namespace zcrew::router
