#include "net/peer_table.h"

#include <algorithm>
#include <optional>

#include "base/check.h"

namespace zcrew::net {
namespace {

// 16 million connections at once, 10^12 over the life of a router.
constexpr unsigned slot_bits = 24;
constexpr std::uint64_t slot_mask = (std::uint64_t{1} << slot_bits) - 1;

std::size_t slot_of(Peer peer) {
  return static_cast<std::size_t>(static_cast<std::uint64_t>(peer) & slot_mask);
}

std::optional<std::uint32_t> automatic_number(std::string_view id) {
  if (id.size() != 5 || id[0] != '\0') return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t i = 1; i < 5; ++i) number = number << 8U | static_cast<std::uint8_t>(id[i]);
  return number;
}

}  // namespace

Connection* PeerTable::find(Peer peer) {
  const std::size_t slot = slot_of(peer);
  if (slot >= slots_.size()) return nullptr;
  Connection& connection = slots_[slot];
  return connection.peer == peer && !connection.routing_id.empty() ? &connection : nullptr;
}

Connection* PeerTable::find(std::string_view routing_id) {
  if (const auto number = automatic_number(routing_id)) {
    const auto found = automatic_.find(*number);
    return found == automatic_.end() ? nullptr : &slots_[slot_of(found->second)];
  }
  const auto found = named_.find(routing_id);
  return found == named_.end() ? nullptr : &slots_[slot_of(found->second)];
}

Connection& PeerTable::add(std::string_view routing_id, int descriptor) {
  ZCREW_CHECK(!routing_id.empty());
  if (Connection* older = find(routing_id)) {
    mark_closed(*older);
    unlink(*older);
    older->replaced = true;
  }
  std::size_t slot = slots_.size();
  if (free_slots_.empty()) {
    ZCREW_CHECK(slot <= slot_mask);
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  const auto number = automatic_number(routing_id);
  Connection& connection = slots_[slot];
  connection = Connection{};
  connection.peer = Peer{++serial_ << slot_bits | slot};
  connection.routing_id = routing_id;
  connection.descriptor = descriptor;
  connection.named = !number;
  if (number) {
    automatic_[*number] = connection.peer;
  } else {
    named_[connection.routing_id] = connection.peer;
  }
  connection.closed = closed_descriptors_.contains(descriptor);
  if (descriptor >= 0 && !connection.closed) descriptors_.emplace(descriptor, connection.peer);
  return connection;
}

void PeerTable::descriptor_closed(int descriptor, std::vector<Peer>& ended) {
  closed_descriptors_.insert(descriptor);
  const auto [first, last] = descriptors_.equal_range(descriptor);
  for (auto each = first; each != last; ++each) {
    find(each->second)->closed = true;
    ended.push_back(each->second);
  }
  descriptors_.erase(first, last);
}

void PeerTable::mark_closed(Connection& connection) {
  connection.closed = true;
  const auto [first, last] = descriptors_.equal_range(connection.descriptor);
  const auto own =
      std::find_if(first, last, [&](const auto& each) { return each.second == connection.peer; });
  if (own != last) descriptors_.erase(own);
}

void PeerTable::erase(Peer peer) {
  Connection* connection = find(peer);
  if (connection == nullptr) return;
  mark_closed(*connection);
  if (!connection->replaced) unlink(*connection);
  connection->routing_id.clear();
  free_slots_.push_back(static_cast<std::uint32_t>(slot_of(peer)));
}

void PeerTable::unlink(const Connection& connection) {
  if (const auto number = automatic_number(connection.routing_id)) {
    automatic_.erase(*number);
  } else {
    named_.erase(connection.routing_id);
  }
}

}  // namespace zcrew::net
