#include "job_loop.h"

#include <algorithm>
#include <array>
#include <variant>

#include "base/check.h"
#include "wire/decode.h"

namespace zcrew::micro {

namespace {

constexpr Peer producer{1};
Peer worker(std::uint32_t index) { return Peer{1000 + index}; }

core::Recovered fresh() {
  core::Recovered recovered;
  recovered.epoch = 1;
  recovered.sequence_limit = 1;
  return recovered;
}

core::Config settings() {
  core::Config config;
  config.window_jobs = 1U << 20U;
  config.window_bytes = std::uint64_t{1} << 40U;
  return config;
}

}  // namespace

net::SendStatus Wire::send(core::Side side, Peer peer, std::span<const std::string_view> frames) {
  if (side == core::Side::frontend) return net::SendStatus::sent;
  const auto message = wire::decode_to_worker(frames[0]);
  ZCREW_CHECK(message.has_value());
  if (const auto* run = std::get_if<wire::RunMessage>(&*message)) {
    for (const wire::RunItem& item : run->entries) out.push_back({peer, item.token});
  }
  return net::SendStatus::sent;
}

JobLoop::JobLoop(const Shape& shape)
    : shape_(shape), core_(settings(), fresh(), Now{}), payload_(shape.payload_bytes, 'x') {
  wire::ClientHello hello;
  hello.session.bytes[0] = 1;
  wire::encode(hello, frame_);
  hear(core::Side::frontend, producer, frame_);
  commit();
  step(core::Space{std::uint64_t{1} << 40U});
  for (std::uint32_t i = 0; i < shape_.workers; ++i) join_worker(i);
  commit();
}

void JobLoop::join_worker(std::uint32_t index) {
  wire::WorkerHello hello;
  hello.instance.bytes[0] = static_cast<std::uint8_t>(index);
  hello.instance.bytes[1] = static_cast<std::uint8_t>(index >> 8U);
  hello.instance.bytes[2] = 2;
  hello.name = "worker";
  hello.concurrency = std::max<std::uint32_t>(shape_.in_flight / shape_.workers, 1);
  hello.queues = {"micro"};
  wire::encode(hello, frame_);
  hear(core::Side::backend, worker(index), frame_);
}

void JobLoop::run(std::uint64_t jobs) {
  const std::uint64_t target = core_.report().counters.done + jobs;
  for (std::uint64_t submitted = 0; submitted < jobs;) {
    const std::uint64_t end = std::min<std::uint64_t>(jobs, submitted + shape_.in_flight);
    for (; submitted < end; submitted += shape_.pack) submit();
    if (shape_.journaled) commit();
    while (!wire_.out.empty()) answer();
    commit();
  }
  ZCREW_CHECK(core_.report().counters.done >= target);
}

void JobLoop::submit() {
  wire::Submit submit;
  submit.batch = ++batch_;
  submit.floor = batch_ > 64 ? batch_ - 64 : 1;
  submit.groups.resize(1);
  submit.groups[0].options.queue = "micro";
  for (std::uint32_t i = 0; i < shape_.pack; ++i) {
    submit.groups[0].items.push_back({i, payload_, {}});
  }
  wire::encode(submit, frame_);
  hear(core::Side::frontend, producer, frame_);
  outbox_.flush();
}

// One message of outcomes from the worker whose turn it is.
void JobLoop::answer() {
  const Peer peer = wire_.out.front().worker;
  std::size_t count = 0;
  std::vector<std::string> frames;
  while (count < wire_.out.size() && count < shape_.pack && wire_.out[count].worker == peer) {
    wire::OutcomeItem item;
    item.token = wire_.out[count++].token;
    item.run_us = item.held_us = 1;
    outcomes_.add(item, frames);
  }
  outcomes_.finish(frames);
  wire_.out.erase(wire_.out.begin(), wire_.out.begin() + static_cast<std::ptrdiff_t>(count));
  for (const std::string& frame : frames) hear(core::Side::backend, peer, frame);
  outbox_.flush();
}

// As router::Commits does it, with a disk that needs no time.
void JobLoop::commit() {
  if (!pending_.empty()) {
    pending_.recycle(pending_.take(core_.take_totals()));
  }
  step(core::Durable{pending_.last()});
  outbox_.flush();
}

void JobLoop::hear(core::Side side, Peer peer, std::string_view frame) {
  const std::array<std::string_view, 1> frames{frame};
  if (side == core::Side::frontend) {
    auto message = wire::decode_frontend(frames);
    ZCREW_CHECK(message.has_value());
    return step(core::FromClient{peer, std::move(*message)});
  }
  auto message = wire::decode_backend(frames);
  ZCREW_CHECK(message.has_value());
  step(core::FromWorker{peer, std::move(*message)});
}

void JobLoop::step(const core::Event& event) {
  now_.mono += Microseconds{1};
  core_.step(event, now_, effects_);
  pending_.add(effects_.records);
  for (const core::Send& send : effects_.sends) outbox_.add(send);
  effects_.clear();
}

}  // namespace zcrew::micro
