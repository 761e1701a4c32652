// The router's two bound sockets and its wake-up, seen as one: where frames come from and go to.
//
// Loop thread only, but for wake() and what a stand-in calls. Each socket names its peers by
// itself; here the backend's get the top bit, so that a Peer is never used twice in the router.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/socket.h"
#include "net/watch.h"
#include "router/outbox.h"

namespace zcrew::router {

struct SocketSettings {
  std::string frontend;
  std::string backend;
  std::uint64_t frame_bytes_max = 0;
};

class Sockets : public FrameSink {
 public:
  // Binds both. Throws Error (74 or 78).
  explicit Sockets(const SocketSettings& settings);

  [[nodiscard]] const std::string& endpoint(core::Side side) const { return at(side).endpoint(); }

  // The next message, without waiting.
  [[nodiscard]] bool receive(core::Side side, net::Received& message);

  net::SendStatus send(core::Side side, Peer peer,
                       std::span<const std::string_view> frames) override;

  // True while new connections have to wait because descriptors are short.
  [[nodiscard]] bool crowded() const { return frontend_.crowded() || backend_.crowded(); }

  // Adds the peers of that socket whose connection has ended.
  void take_gone(core::Side side, std::vector<PeerAt>& peers);
  void forget(const PeerAt& peer);

  // Until a message, a connection's end or wake(), or until the time is over. At every turn, since
  // what is not seen here is not received and not taken.
  void wait(Duration patience);

  // What wait() is, for a second thread, which is woken if nobody is in wait(), while it has its
  // post. It sees nothing by that: its turn begins with a wait() of no time; and before it waits,
  // or the first one stops doing so, ask unread(). These three may be called beside the others.
  // take_post() is false if the system has no room for it.
  [[nodiscard]] bool take_post();
  void leave_post();
  void stand_by(Duration patience) { standby_.wait(patience); }

  // True if there is a message that no wait is woken by any more.
  [[nodiscard]] bool unread() { return backend_.unread() || frontend_.unread(); }

  // Until wake(), or until the time is over, whatever the sockets have.
  void wait_for_wake(Duration patience);

  // Closing waits for the last frames to leave, at most this long; by default not at all.
  void set_linger(Milliseconds linger);

  // From any thread and from signal handlers.
  void wake() noexcept { wakeup_.signal(); }

 private:
  [[nodiscard]] const net::RouterSocket& at(core::Side side) const {
    return side == core::Side::frontend ? frontend_ : backend_;
  }
  net::RouterSocket& at(core::Side side) {
    return side == core::Side::frontend ? frontend_ : backend_;
  }

  net::Context context_;
  net::Wakeup wakeup_;
  net::Watch watch_;
  net::Watch::Place woken_ = 0;  // of wakeup_
  net::Watch standby_;
  std::vector<net::Watch::Place> post_;  // in standby_
  net::RouterSocket frontend_;
  net::RouterSocket backend_;
  std::vector<int> descriptors_;  // of all that wakes
  std::vector<Peer> suspects_;
};

}  // namespace zcrew::router
