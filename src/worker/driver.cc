#include "worker/driver.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "net/clock.h"
#include "net/endpoint.h"
#include "wire/decode.h"

namespace zcrew::worker {
namespace {

// Messages read before the turn goes to outcomes, heartbeats and the executor.
constexpr int messages_per_turn = 256;

// What docs/protocol.md, P-3.13, lets a frame have beside its payload.
constexpr std::uint64_t frame_bytes_max = limits::payload_bytes_max + (std::uint64_t{4} << 20U);

// For BYE to leave before the socket is closed.
constexpr Milliseconds farewell{1000};

WorkerEvent::Kind to_public(Note::Kind kind) {
  switch (kind) {
    case Note::Kind::connected:
      return WorkerEvent::Kind::connected;
    case Note::Kind::disconnected:
      return WorkerEvent::Kind::disconnected;
    case Note::Kind::refused:
      return WorkerEvent::Kind::refused;
    case Note::Kind::draining:
      return WorkerEvent::Kind::draining;
    case Note::Kind::stopped:
      break;
  }
  return WorkerEvent::Kind::stopped;
}

}  // namespace

Driver::Driver(SessionOptions options, Executor& executor, net::Watch& first, net::Watch& second)
    : endpoint_(options.router),
      executor_(executor),
      first_(first),
      second_(second),
      session_(std::move(options)) {}

bool Driver::turn() {
  if (stopped()) return false;
  const bool unread = read_socket();
  read_executor();
  session_.turn(net::read_monotonic(), effects_);
  carry_out();
  if (unread || std::exchange(again_, false) || unreachable_) return true;
  if (socket_ && socket_->unread()) return true;
  return next_deadline() <= net::read_monotonic();
}

void Driver::drain(Duration linger) {
  const Instant now = net::read_monotonic();
  session_.set_linger(now, linger);
  session_.drain(now, effects_);
}

std::vector<WorkerEvent> Driver::take_news() { return std::exchange(news_, {}); }

// True if there may be more to read.
bool Driver::read_socket() {
  if (!socket_) return false;
  first_.wait(Duration::zero());  // this turn may be nobody's who waited
  const Instant now = net::read_monotonic();
  net::DealerSocket::Link link{};
  while (socket_->take_link_event(link)) {
    if (link == net::DealerSocket::Link::connected) {
      tell_unreachable_ = true;
      session_.connected(now, effects_);
    } else if (link == net::DealerSocket::Link::retrying) {
      unreachable_ = std::exchange(tell_unreachable_, false) || unreachable_;
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

bool Driver::read_message(Instant now) {
  std::string_view frame;
  if (!socket_->receive(frame)) return false;
  if (const auto message = wire::decode_to_worker(frame)) {
    session_.receive(now, *message, effects_);
  } else {
    session_.malformed(now, message.error().code, message.error().text, effects_);
  }
  return true;
}

void Driver::read_executor() {
  executor_.take_finished(finished_);
  for (HeldJob* job : finished_) session_.finished(*job);
  finished_.clear();
}

void Driver::carry_out() {
  const bool sent = send_frames();
  if (effects_.close) {
    if (socket_ && stopped()) socket_->set_linger(farewell);
    socket_.reset();
  }
  if (effects_.open) open();
  // A connection that takes nothing more is over; this is in the next turn's effects.
  const bool broken = !sent && !effects_.close;
  direct_executor();
  for (auto& note : effects_.notes) news_.push_back({to_public(note.kind), std::move(note.text)});
  effects_.clear();
  if (broken) {
    session_.disconnected(net::read_monotonic(), effects_);
    again_ = true;
  }
}

bool Driver::send_frames() {
  return std::all_of(effects_.frames.begin(), effects_.frames.end(), [&](const auto& frame) {
    return socket_ && socket_->send(frame) == net::SendStatus::sent;
  });
}

void Driver::direct_executor() {
  executor_.set_concurrency(session_.concurrency());
  if (!effects_.start.empty()) executor_.start(effects_.start);
  take_back(effects_.abandoned);
  if (!effects_.abandoned.empty()) executor_.abandon(effects_.abandoned);
  take_back(effects_.give_back);
}

void Driver::take_back(std::span<HeldJob* const> jobs) {
  if (jobs.empty()) return;
  for (HeldJob* job : executor_.take_unstarted(jobs)) session_.returned(*job);
  again_ = true;
}

void Driver::open() {
  try {
    socket_.emplace(context_, endpoint_, frame_bytes_max);
    socket_->join(first_);
    socket_->join(second_);
  } catch (const Error& error) {
    socket_.reset();
    if (std::exchange(tell_unreachable_, false)) {
      news_.push_back(
          {WorkerEvent::Kind::disconnected, std::string(error.what()) + ". Trying again"});
    }
    session_.disconnected(net::read_monotonic(), effects_);
  }
}

// Said once, until somebody has answered.
void Driver::explain() {
  if (!std::exchange(unreachable_, false)) return;
  const auto name = net::name_problem(endpoint_);
  news_.push_back({WorkerEvent::Kind::disconnected,
                   name ? *name + ". Trying again"
                        : "no router answers at " + endpoint_ +
                              ": start one, or check the address (workers use its port 5556 "
                              "unless told otherwise). Trying again"});
}

}  // namespace zcrew::worker
