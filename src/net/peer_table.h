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
#include <unordered_set>
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

  // A new connection, already closed if its descriptor is. One that had the same routing id before
  // is marked as closed and replaced. Tell first what was reported until the message came.
  Connection& add(std::string_view routing_id, int descriptor);
  void erase(Peer peer);

  // What is reported of a descriptor, in order. A closed one's connections are marked as closed and
  // appended to `ended`.
  void descriptor_opened(int descriptor) { closed_descriptors_.erase(descriptor); }
  void descriptor_closed(int descriptor, std::vector<Peer>& ended);

  [[nodiscard]] std::size_t size() const { return slots_.size() - free_slots_.size(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  void mark_closed(Connection& connection);
  void unlink(const Connection& connection);

  std::vector<Connection> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<std::uint32_t, Peer> automatic_;
  std::unordered_map<std::string, Peer, TextHash, std::equal_to<>> named_;
  // Several may have the same one: a connection that ended before its first message was read looks
  // open when another was accepted on its descriptor. All of them are over when that one ends.
  std::unordered_multimap<int, Peer> descriptors_;
  std::unordered_set<int> closed_descriptors_;  // whose connections may yet have to be added
  std::uint64_t serial_ = 0;
};

}  // namespace zcrew::net
