#include "client/driver.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/limits.h"
#include "net/clock.h"
#include "net/endpoint.h"
#include "net/entropy.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace zcrew::client {
namespace {

// Messages read before the turn goes to the users.
constexpr int messages_per_turn = 256;

// What docs/protocol.md, P-3.13, lets a frame have beside its payload.
constexpr std::uint64_t frame_bytes_max = limits::payload_bytes_max + (std::uint64_t{4} << 20U);

// How long a goodbye may wait for the router's answer.
constexpr Duration farewell = Milliseconds{500};

}  // namespace

Driver::Driver(const ClientOptions& options, Inbox& inbox, Mailbox& mailbox, net::Watch& first,
               net::Watch& second)
    : endpoint_(options.router),
      inbox_(inbox),
      mailbox_(mailbox),
      first_(first),
      second_(second),
      session_({net::random_uuid(), options.name, net::random_seed()}, net::read_monotonic()),
      window_(session_.window()) {
  inbox_.settle(0, 0, window_);
}

bool Driver::turn() {
  const bool unread = read_socket();
  read_inbox();
  session_.turn(net::read_monotonic(), effects_);
  carry_out();
  return has_more(unread);
}

// Asks the inbox last: from then on it wakes somebody.
bool Driver::has_more(bool unread_before) {
  const bool again = std::exchange(again_, false);
  if (unread_before || again || unreachable_ || (socket_ && socket_->unread())) return true;
  return next_deadline() <= net::read_monotonic() || !inbox_.may_sleep();
}

Instant Driver::next_deadline() const {
  return std::min(session_.next_deadline(), closing_until_.value_or(Instant::max()));
}

bool Driver::over() const {
  return closing_until_ && (session_.gone() || net::read_monotonic() >= *closing_until_);
}

// True if there may be more to read.
bool Driver::read_socket() {
  if (!socket_) return false;
  first_.wait(Duration::zero());  // this turn may be nobody's who waited
  const Instant now = net::read_monotonic();
  net::DealerSocket::Link link{};
  while (socket_->take_link_event(link)) {
    if (link == net::DealerSocket::Link::connected) {
      session_.connected(now);
    } else if (link == net::DealerSocket::Link::retrying) {
      unreachable_ = unreachable_ || session_.expects_cause();
    } else {
      while (read_message(now)) {
      }
      session_.disconnected("the connection is lost", now, effects_);
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
  const auto message = wire::decode_to_client(frame);
  if (message) {
    session_.received(*message, now, effects_);
  } else if (message.error().code != wire::ErrorCode::unknown_message) {
    session_.garbled(message.error().text, now, effects_);
  }
  return !effects_.close;
}

void Driver::explain() {
  if (!std::exchange(unreachable_, false) || !session_.expects_cause()) return;
  const auto name = net::name_problem(endpoint_);
  session_.unreachable(name ? *name : "nobody listens there", effects_);
}

void Driver::read_inbox() {
  inbox_.take(taken_);
  if (taken_.closed && !closing_until_) {
    closing_until_ = net::read_monotonic() + farewell;
    session_.say_goodbye();
  }
  auto run = taken_.runs.begin();
  for (std::string& payload : taken_.payloads) {
    ++last_ticket_;
    if (run != taken_.runs.end() && run->first == last_ticket_) {
      session_.set_options(std::move(run->options));
      ++run;
    }
    const Ticket ticket = session_.submit(std::move(payload), effects_);
    ZCREW_CHECK(ticket == last_ticket_);
  }
  for (Question& each : taken_.questions) {
    session_.ask(each.number, std::move(each.verb), std::move(each.arguments));
  }
  for (const std::uint64_t number : taken_.withdrawn) session_.withdraw(number);
  taken_.payloads.clear();
  taken_.runs.clear();
  taken_.questions.clear();
  taken_.withdrawn.clear();
}

void Driver::carry_out() {
  const bool sent = send_messages();
  if (effects_.close) socket_.reset();
  std::string broken;
  if (!sent && !effects_.close) broken = "it takes no more messages";
  if (effects_.open) open(broken);
  if (effects_.settled_jobs > 0 || window_.jobs != session_.window().jobs ||
      window_.bytes != session_.window().bytes) {
    window_ = session_.window();
    inbox_.settle(effects_.settled_jobs, effects_.settled_bytes, window_);
  }
  mailbox_.post(effects_.events);
  mailbox_.post(effects_.answers);
  effects_.clear();
  if (!broken.empty()) {
    session_.disconnected(broken, net::read_monotonic(), effects_);
    again_ = true;
  }
}

bool Driver::send_messages() {
  return std::all_of(effects_.sends.begin(), effects_.sends.end(), [&](const auto& each) {
    if (!socket_) return false;
    std::visit([&](const auto& message) { wire::encode(message, frame_); }, each);
    return socket_->send(frame_) == net::SendStatus::sent;
  });
}

void Driver::open(std::string& broken) {
  try {
    socket_.emplace(context_, endpoint_, frame_bytes_max);
    socket_->join(first_);
    socket_->join(second_);
  } catch (const Error& error) {
    socket_.reset();
    broken = error.what();
  }
}

}  // namespace zcrew::client
