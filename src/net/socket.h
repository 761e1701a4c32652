// ZeroMQ sockets as this project uses them: non-blocking, whole messages, no exceptions on the hot
// path. Nothing outside src/net includes zmq.h.
//
// One thread owns a socket. Constructors throw zcrew::Error when the environment does not allow
// what is asked: 78 for an endpoint that makes no sense here or is taken, 74 if no descriptor is
// left.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace zcrew::net {

class Watch;

// What sockets share: libzmq's threads. Client, Worker and Router have one each, so a process may
// have several.
class Context {
 public:
  // Throws zcrew::Error (74) if too few descriptors are free for libzmq and the sockets.
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  [[nodiscard]] void* raw() const { return context_; }

 private:
  void* context_;
};

// Wakes a poll() from another thread or a signal handler (an eventfd).
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  void signal() noexcept;  // async-signal-safe
  void drain() noexcept;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

struct RouterSocketOptions {
  std::string endpoint;
  std::uint64_t frame_bytes_max = 0;  // a larger frame closes the connection; 0 = no limit
  unsigned margins = 1;               // of descriptors that it leaves to others (net/door.h)
};

// A message as it lies in the receive buffers; valid until the next receive().
struct Received {
  Peer peer{};
  std::span<const std::string_view> frames;  // behind the routing id
};

enum class SendStatus : std::uint8_t { sent, gone, full };

// A bound ROUTER: mandatory sends, no handover, linger 0. Names each connection by a Peer that is
// never used twice, learns the descriptor behind each native peer (ZMQ_SRCFD of the payload frame)
// and hears disconnects from a socket monitor.
class RouterSocket {
 public:
  RouterSocket(Context& context, const RouterSocketOptions& options);
  ~RouterSocket();
  RouterSocket(const RouterSocket&) = delete;
  RouterSocket& operator=(const RouterSocket&) = delete;

  // The endpoint really bound, with the port filled in.
  [[nodiscard]] const std::string& endpoint() const;

  // The next message, without waiting.
  [[nodiscard]] bool receive(Received& message);

  // All frames or none. gone: no such connection any more. full: its queue is at the high-water
  // mark.
  [[nodiscard]] SendStatus send(Peer peer, std::span<const std::string_view> frames);

  // Peers whose connection was reported as closed since the last call and whose last messages were
  // received. Probe each with a send, which answers `gone`, and forget it. Call it at every turn:
  // libzmq's I/O thread waits for it when 100,000 reports are unread. (inproc peers are never
  // reported; only heartbeats and refused sends tell.)
  void take_suspects(std::vector<Peer>& suspects);

  // True while new connections have to wait because descriptors are short.
  [[nodiscard]] bool crowded() const;

  // Forgets a peer (after gone), so that its routing id, if it comes again, gets a new Peer.
  void forget(Peer peer);

  // Closing waits for what was sent to leave, at most this long; by default not at all. The
  // Context's destructor is what really waits.
  void set_linger(Milliseconds linger);

  // For poll(): the socket and its monitor.
  [[nodiscard]] void* raw() const;
  [[nodiscard]] void* raw_monitor() const;

  // From now on the watch, which must outlive the socket, wakes when libzmq has something new for
  // it. A send() may take notice of that too: so before a wait, and behind take_suspects(), ask
  // unread() whether a message came behind the last receive(). And receive() and take_suspects()
  // ask libzmq only about what a wait on that watch has seen. Throws as Watch::add().
  void join(Watch& watch);
  [[nodiscard]] bool unread();
  // What becomes readable then, for who only wants to be woken.
  void add_descriptors(std::vector<int>& descriptors) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A connecting DEALER that lives for one session: opened, said HELLO on, closed with linger 0 when
// the session ends; never reused, so nothing leaks from one session into the next.
class DealerSocket {
 public:
  DealerSocket(Context& context, const std::string& endpoint, std::uint64_t frame_bytes_max);
  ~DealerSocket();
  DealerSocket(const DealerSocket&) = delete;
  DealerSocket& operator=(const DealerSocket&) = delete;

  // The next message's only frame, valid until the next receive(); messages of several frames are
  // dropped, no router of this protocol sends them.
  [[nodiscard]] bool receive(std::string_view& frame);
  // gone: not connected (yet, or any more). full: the queue is at the high-water mark.
  [[nodiscard]] SendStatus send(std::string_view frame);

  // Closing waits for what was sent to leave, at most this long; by default not at all. The
  // Context's destructor is what really waits.
  void set_linger(Milliseconds linger);

  // Connection events, in order. connected: HELLO may be sent. retrying: nobody answered, libzmq
  // tries again by itself within 100 ms. disconnected: what was received before can still be read;
  // then close this socket and open a new one.
  enum class Link : std::uint8_t { connected, disconnected, retrying };
  [[nodiscard]] bool take_link_event(Link& event);

  [[nodiscard]] void* raw() const;
  [[nodiscard]] void* raw_monitor() const;

  // As RouterSocket's; unread() is true for link events too.
  void join(Watch& watch);
  [[nodiscard]] bool unread();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Waits until a socket or descriptor is readable or the time is over. EINTR counts as a wake-up.
// At most 16 items (libzmq 4.3.4's zmq_poll has a resize bug above).
void poll(std::span<void* const> sockets, std::span<const int> descriptors, Duration patience);

}  // namespace zcrew::net
