// A peer that speaks ZMTP 3.0 by hand over a plain TCP socket, to be what a library will not be: a
// peer with a chosen routing id, of several frames, or one that breaks off where it likes.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace zcrew::net {

class RawPeer {
 public:
  // `type` is a ZMTP socket type, "DEALER" or "REQ". Returns when the handshake is done.
  RawPeer(const std::string& endpoint, std::string_view type, std::string_view routing_id);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void send(std::initializer_list<std::string_view> frames);

  // One frame's body; empty if the connection ended.
  std::string receive();

  // The other side's descriptor, which must be one of this process.
  [[nodiscard]] int other_end() const;

  // Ends the connection and returns when the other side's descriptor is free again.
  void leave();

  // True once the other side has closed the connection.
  bool wait_for_end();

 private:
  void write_all(std::string_view bytes);
  bool read_all(char* bytes, std::size_t size);

  int fd_;
};

// A loopback endpoint at which every connection is refused while this lives.
class DeafPort {
 public:
  DeafPort();
  ~DeafPort();
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  int fd_;
  std::string endpoint_;
};

}  // namespace zcrew::net
