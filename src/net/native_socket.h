// Opening a libzmq socket with the settings that all sockets here share. Only for src/net.
#pragma once

#include <cstdint>
#include <string>

#include "net/socket.h"

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

  // Readable when the I/O thread has something for this socket (ZMQ_FD).
  [[nodiscard]] int descriptor() const;

  void set(int option, int value);

  // Processes what the I/O thread has for this socket, so that connections made or lost a moment
  // ago count. True if a message is waiting.
  bool catch_up();

 private:
  void* socket_;
};

}  // namespace zcrew::net
