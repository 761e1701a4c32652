// The connections of one ROUTER: routing id to Peer and back, and which descriptor each has.
//
// Pure. A Peer is a slot (for finding the entry without a search) and a serial number (so that no
// Peer is ever used twice). Automatic routing ids, five bytes of which the first is 0, are looked
// up as numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace zcrew::net {

struct Connection {
  Peer peer{};
  std::string routing_id;  // empty in a free slot
  int descriptor = -1;     // -1: none (inproc)
  bool named = false;      // the peer chose its routing id, which may come back
  bool closed = false;     // its descriptor was reported as disconnected
  bool reported = false;   // … and its owner was told
  bool replaced = false;   // the routing id belongs to a newer connection
};

class PeerTable {
 public:
  // nullptr if there is none. Pointers hold until the next add().
  Connection* find(Peer peer);
  Connection* find(std::string_view routing_id);
  Connection* find_descriptor(int descriptor);

  // A new connection. One that had the same routing id before is marked as closed and replaced.
  Connection& add(std::string_view routing_id, int descriptor);

  void mark_closed(Connection& connection);
  void erase(Peer peer);

  [[nodiscard]] std::size_t size() const { return slots_.size() - free_slots_.size(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  void unlink(const Connection& connection);

  std::vector<Connection> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<std::uint32_t, Peer> automatic_;
  std::unordered_map<std::string, Peer, TextHash, std::equal_to<>> named_;
  std::unordered_map<int, Peer> descriptors_;
  std::uint64_t serial_ = 0;
};

}  // namespace zcrew::net
