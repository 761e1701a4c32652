// The shell around Session: which thread makes its turns.
#include "zcrew/client.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "client/driver.h"
#include "client/inbox.h"
#include "client/mailbox.h"
#include "client/patience.h"
#include "net/clock.h"
#include "net/endpoint.h"
#include "net/socket.h"
#include "net/watch.h"

namespace zcrew {
namespace {

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

// Makes the driver's turns, one at a time, in the thread that needs it first: that of a user who
// waits for an event, or who submits a job after a pause. The I/O thread stands by for the rest:
// deadlines, what arrives while nobody waits, and jobs in a row, which gather while it wakes up.
class Client::Impl {
 public:
  explicit Impl(const ClientOptions& options)
      : inbox_(wakeup_), driver_(checked(options), inbox_, mailbox_, users_, standby_) {
    users_.add(mailbox_.news());
    news_.add(mailbox_.news());
    standby_.add(wakeup_.fd());
    thread_ = std::thread([this] { stand_by(); });
  }

  ~Impl() {
    inbox_.close();
    thread_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Tickets submit(std::span<Job> jobs, std::chrono::milliseconds patience) {
    const client::Inbox::Put put = inbox_.put(jobs, patience);
    if (put.nobody_looks) send(put.unconfirmed);
    return put.tickets;
  }

  std::size_t next(std::span<ClientEvent> events, std::chrono::milliseconds patience) {
    if (patience.count() <= 0 || events.empty()) return mailbox_.take(events);
    const Instant until = net::read_monotonic() + client::bounded(patience);
    bool busy = false;  // the driver is, with another thread, whose news are waited for
    for (Duration left = client::bounded(patience); left > Duration::zero();
         left = until - net::read_monotonic()) {
      if (const std::size_t count = mailbox_.take_or_wait(events)) return count;
      const bool woken = busy ? news_.wait(left) : users_.wait(left);
      mailbox_.stop_waiting();
      busy = woken && !receive();
    }
    return mailbox_.take(events);
  }

  [[nodiscard]] std::size_t unconfirmed() const { return inbox_.unconfirmed(); }

  bool wait_confirmed(std::chrono::milliseconds patience) {
    return inbox_.wait_confirmed(patience);
  }

  std::optional<Reply> ask(const std::string& verb, const std::string& json,
                           std::chrono::milliseconds patience) {
    const std::uint64_t number = mailbox_.open_question();
    inbox_.put(client::Question{number, verb, json});
    auto reply = mailbox_.fetch(number, patience);
    if (!reply) inbox_.withdraw(number);
    return reply;
  }

 private:
  // To wake a sleeping thread takes 20 to 50 µs, in which a producer in a hurry submits dozens of
  // jobs; sending one takes 10.
  static constexpr Duration wake_up_time = Microseconds{50};
  // Behind more jobs than these none arrives sooner by being sent alone.
  static constexpr std::size_t few_jobs = 16;

  void send(std::size_t unconfirmed) {
    const Instant now = net::read_monotonic();
    const std::unique_lock turn(turn_, std::try_to_lock);
    const bool alone = turn && now - std::exchange(sent_at_, now) > wake_up_time;
    if (!alone || unconfirmed > few_jobs || must_go_on()) wakeup_.signal();
  }

  // False: another thread makes a turn, and the I/O thread will look once more behind it.
  bool receive() {
    const std::unique_lock turn(turn_, std::try_to_lock);
    if (!turn || must_go_on()) wakeup_.signal();
    return turn.owns_lock();
  }

  // A turn. True if the I/O thread would sleep past what is to be done then.
  bool must_go_on() { return driver_.turn() || driver_.next_deadline() < sleeps_until_; }

  void stand_by() {
    while (const auto until = work()) {
      standby_.wait(*until - net::read_monotonic());
      wakeup_.drain();
    }
  }

  // Turns until nothing is to be done before the time it returns, or for ever.
  std::optional<Instant> work() {
    for (;;) {
      const std::lock_guard turn(turn_);
      sleeps_until_ = Instant::min();
      driver_.explain();
      const bool more = driver_.turn();
      if (driver_.over()) return std::nullopt;
      if (!more) return sleeps_until_ = driver_.next_deadline();
    }
  }

  net::Wakeup wakeup_;  // of the I/O thread
  client::Inbox inbox_;
  client::Mailbox mailbox_;
  net::Watch users_;
  net::Watch news_;
  net::Watch standby_;

  std::mutex turn_;
  // Protected by turn_:
  client::Driver driver_;
  Instant sleeps_until_ = Instant::min();  // the I/O thread; min: it is awake
  Instant sent_at_{};                      // the last job that found nobody awake

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
  std::optional<ClientEvent> event(std::in_place);
  if (impl_->next({&*event, 1}, patience) == 0) event.reset();
  return event;
}

std::size_t Client::next_many(std::span<ClientEvent> events, std::chrono::milliseconds patience) {
  return impl_->next(events, patience);
}

std::size_t Client::unconfirmed() const { return impl_->unconfirmed(); }

bool Client::wait_confirmed(std::chrono::milliseconds patience) {
  return impl_->wait_confirmed(patience);
}

std::optional<Client::Reply> Client::ask(const std::string& verb, const std::string& json,
                                         std::chrono::milliseconds patience) {
  return impl_->ask(verb, json, patience);
}

}  // namespace zcrew
