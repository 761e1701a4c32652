// Opening a libzmq socket with the settings that all sockets here share. Only for src/net.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/socket.h"
#include "net/watch.h"

struct zmq_msg_t;

namespace zcrew::net {

// A socket of the libzmq type with high-water marks, handshake limit, keepalive, linger 0 and the
// largest frame set (0 = no limit). Throws zcrew::Error (74) if libzmq has none left.
class NativeSocket {
 public:
  NativeSocket(Context& context, int type, std::uint64_t frame_bytes_max,
               const std::string& endpoint);
  ~NativeSocket();
  NativeSocket(const NativeSocket&) = delete;
  NativeSocket& operator=(const NativeSocket&) = delete;

  [[nodiscard]] void* raw() const { return socket_; }

  // Until this socket is closed the watch, which must outlive it, wakes when libzmq has something
  // for it. Throws as Watch::add().
  void join(Watch& watch);
  // Readable when the I/O thread has something for this socket (ZMQ_FD).
  [[nodiscard]] int descriptor() const;

  void set(int option, int value);

  // Processes what the I/O thread has for this socket, so that connections made or lost a moment
  // ago count. True if a message is waiting.
  bool catch_up();

  // False if no message is waiting: libzmq said so, and no Watch that this joined has seen anything
  // since. To ask libzmq takes two system calls or three.
  [[nodiscard]] bool may_receive();
  // As above, for who is about to wait: what a send took notice of, no Watch sees any more.
  [[nodiscard]] bool unread();

  // The next frame, without waiting. False if there is none, which may_receive() remembers.
  [[nodiscard]] bool receive(zmq_msg_t& frame);
  // One frame, with ZMQ_SNDMORE or 0, without waiting: 0, or what errno says. libzmq may take
  // notice of what the I/O thread has meanwhile.
  [[nodiscard]] int send(std::string_view frame, int flags);

 private:
  struct Joined {
    Watch* watch;
    Watch::Place place;
  };

  void* socket_;
  std::vector<Joined> joined_;
  bool wet_ = true;     // there may be a message, as far as is known
  bool stale_ = false;  // that is not known any more
};

}  // namespace zcrew::net
