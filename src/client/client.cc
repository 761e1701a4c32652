// The shell around Session: a thread with a socket, a clock and a wakeup, and the turn of its loop.
#include "zcrew/client.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "client/inbox.h"
#include "client/mailbox.h"
#include "client/session.h"
#include "net/clock.h"
#include "net/endpoint.h"
#include "net/entropy.h"
#include "net/socket.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace zcrew {
namespace {

// Messages read before the loop turns to the users again.
constexpr int messages_per_turn = 256;

// What docs/protocol.md, P-3.13, lets a frame have beside its payload.
constexpr std::uint64_t frame_bytes_max = limits::payload_bytes_max + (std::uint64_t{4} << 20U);

// How long a goodbye may wait for the router's answer.
constexpr Duration farewell = Milliseconds{500};

std::string default_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::string number = "/" + std::to_string(getpid());
  std::string name = host[0] == '\0' ? "client" : host.data();
  name.resize(std::min(name.size(), limits::name_bytes_max - number.size()));
  return name + number;
}

ClientOptions checked(ClientOptions options) {
  if (const auto problem = net::endpoint_problem(options.router, net::EndpointUse::connect)) {
    throw Error(*problem, exit_code::configuration);
  }
  if (options.name.size() > limits::name_bytes_max) {
    throw Error("the client's name has more than 128 bytes, choose a shorter one",
                exit_code::configuration);
  }
  if (options.name.empty()) options.name = default_name();
  return options;
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(const ClientOptions& options)
      : options_(checked(options)),
        session_({net::random_uuid(), options_.name, net::random_seed()}, net::read_clocks().mono),
        inbox_(wakeup_, session_.window()) {
    thread_ = std::thread([this] { run(); });
  }

  ~Impl() {
    inbox_.close();
    thread_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Tickets submit(std::span<Job> jobs, std::chrono::milliseconds patience) {
    return inbox_.put(jobs, patience);
  }

  std::optional<ClientEvent> next(std::chrono::milliseconds patience) {
    return mailbox_.next(patience);
  }

  [[nodiscard]] std::size_t unconfirmed() const { return inbox_.unconfirmed(); }

  std::optional<Reply> ask(const std::string& verb, const std::string& json,
                           std::chrono::milliseconds patience) {
    const std::uint64_t number = mailbox_.open_question();
    inbox_.put(client::Question{number, verb, json});
    auto reply = mailbox_.fetch(number, patience);
    if (!reply) inbox_.withdraw(number);
    return reply;
  }

 private:
  // ---- all below: the I/O thread ----

  void run() {
    for (;;) {
      const bool more = read_socket();
      read_inbox();
      session_.turn(net::read_clocks().mono, effects_);
      carry_out();
      if (over()) return;
      if (!more && inbox_.may_sleep()) sleep();
    }
  }

  [[nodiscard]] bool over() const {
    return closing_until_ && (session_.gone() || net::read_clocks().mono >= *closing_until_);
  }

  // True if there may be more to read.
  bool read_socket() {
    if (!socket_) return false;
    const Instant now = net::read_clocks().mono;
    net::DealerSocket::Link link{};
    while (socket_->take_link_event(link)) {
      if (link == net::DealerSocket::Link::connected) {
        session_.connected(now);
      } else if (link == net::DealerSocket::Link::retrying) {
        explain_unreachable();
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

  bool read_message(Instant now) {
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

  void explain_unreachable() {
    if (!session_.expects_cause()) return;
    const auto name = net::name_problem(options_.router);
    session_.unreachable(name ? *name : "nobody listens there", effects_);
  }

  void read_inbox() {
    inbox_.take(taken_);
    if (taken_.closed && !closing_until_) {
      closing_until_ = net::read_clocks().mono + farewell;
      session_.say_goodbye();
    }
    for (Job& job : taken_.jobs) {
      const Ticket ticket = session_.submit(std::move(job), effects_);
      ZCREW_CHECK(ticket == ++last_ticket_);
    }
    for (client::Question& each : taken_.questions) {
      session_.ask(each.number, std::move(each.verb), std::move(each.arguments));
    }
    for (const std::uint64_t number : taken_.withdrawn) session_.withdraw(number);
    taken_.jobs.clear();
    taken_.questions.clear();
    taken_.withdrawn.clear();
  }

  void carry_out() {
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
      session_.disconnected(broken, net::read_clocks().mono, effects_);
      again_ = true;
    }
  }

  bool send_messages() {
    return std::all_of(effects_.sends.begin(), effects_.sends.end(), [&](const auto& each) {
      if (!socket_) return false;
      std::visit([&](const auto& message) { wire::encode(message, frame_); }, each);
      return socket_->send(frame_) == net::SendStatus::sent;
    });
  }

  void open(std::string& broken) {
    try {
      socket_.emplace(context_, options_.router, frame_bytes_max);
    } catch (const Error& error) {
      broken = error.what();
    }
  }

  void sleep() {
    const Instant now = net::read_clocks().mono;
    const Instant until =
        std::min(session_.next_deadline(), closing_until_.value_or(Instant::max()));
    if (std::exchange(again_, false) || until <= now) return;
    const int descriptor = wakeup_.fd();
    if (socket_) {
      const std::array<void*, 2> sockets = {socket_->raw(), socket_->raw_monitor()};
      net::poll(sockets, {&descriptor, 1}, until - now);
    } else {
      net::poll({}, {&descriptor, 1}, until - now);
    }
    wakeup_.drain();
  }

  const ClientOptions options_;
  net::Wakeup wakeup_;
  net::Context context_;
  client::Session session_;
  client::Inbox inbox_;
  client::Mailbox mailbox_;
  client::Effects effects_;
  client::Inbox::Contents taken_;
  std::optional<net::DealerSocket> socket_;
  std::string frame_;
  Ticket last_ticket_ = 0;
  client::Room window_;  // as the inbox knows it
  bool again_ = false;   // this turn made work for the next
  std::optional<Instant> closing_until_;
  std::thread thread_;  // last: it uses all of the above
};

Client::Client(const ClientOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Client::~Client() = default;

std::optional<Ticket> Client::submit(Job job, std::chrono::milliseconds patience) {
  const Tickets tickets = impl_->submit({&job, 1}, patience);
  if (tickets.count == 0) return std::nullopt;
  return tickets.first;
}

Client::Tickets Client::submit_many(std::span<Job> jobs, std::chrono::milliseconds patience) {
  return impl_->submit(jobs, patience);
}

std::optional<ClientEvent> Client::next(std::chrono::milliseconds patience) {
  return impl_->next(patience);
}

std::size_t Client::unconfirmed() const { return impl_->unconfirmed(); }

std::optional<Client::Reply> Client::ask(const std::string& verb, const std::string& json,
                                         std::chrono::milliseconds patience) {
  return impl_->ask(verb, json, patience);
}

}  // namespace zcrew
