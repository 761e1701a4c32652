#include "net/peer_table.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

namespace zcrew::net {
namespace {

std::string automatic_id(char last) { return {'\0', 'a', 'b', 'c', last}; }

using Peers = std::set<Peer>;

// Whose connections end with the descriptor.
Peers close_descriptor(PeerTable& table, int descriptor) {
  std::vector<Peer> ended;
  table.descriptor_closed(descriptor, ended);
  return {ended.begin(), ended.end()};
}

}  // namespace

TEST_CASE("a connection is found by its peer, routing id and descriptor") {
  PeerTable table;
  const Peer automatic = table.add(automatic_id('d'), 7).peer;
  const Peer named = table.add("7E81-9A67", 8).peer;
  CHECK(table.find(automatic_id('d'))->peer == automatic);
  CHECK(table.find("7E81-9A67")->peer == named);
  CHECK(table.find(named)->named);
  CHECK_FALSE(table.find(automatic)->named);
  CHECK(table.find("other") == nullptr);
  CHECK(close_descriptor(table, 7) == Peers{automatic});
  CHECK(close_descriptor(table, 8) == Peers{named});
  CHECK(close_descriptor(table, 9).empty());
  CHECK(table.find(automatic)->closed);
}

TEST_CASE("no peer is ever used twice") {
  PeerTable table;
  std::set<Peer> seen;
  for (int round = 0; round < 1000; ++round) {
    const Peer automatic = table.add(automatic_id('x'), 5).peer;
    const Peer named = table.add("worker", 6).peer;
    CHECK(seen.insert(automatic).second);
    CHECK(seen.insert(named).second);
    table.erase(automatic);
    table.erase(named);
    CHECK(table.find(automatic) == nullptr);
  }
  CHECK(table.size() == 0);
}

TEST_CASE("a routing id that comes back replaces its old connection") {
  PeerTable table;
  const Peer before = table.add("worker", 5).peer;
  const Peer after = table.add("worker", 6).peer;
  CHECK(table.find(before)->closed);
  CHECK(table.find("worker")->peer == after);
  CHECK(close_descriptor(table, 5).empty());
  table.erase(before);
  CHECK(table.find("worker")->peer == after);
  CHECK(close_descriptor(table, 6) == Peers{after});
}

TEST_CASE("a closed connection does not own its descriptor any more") {
  PeerTable table;
  const Peer before = table.add(automatic_id('1'), 5).peer;
  CHECK(close_descriptor(table, 5) == Peers{before});
  table.descriptor_opened(5);
  const Peer after = table.add(automatic_id('2'), 5).peer;
  CHECK_FALSE(table.find(after)->closed);
  table.erase(before);
  CHECK(close_descriptor(table, 5) == Peers{after});
}

TEST_CASE("a connection whose descriptor was closed before is closed from the start") {
  PeerTable table;
  CHECK(close_descriptor(table, 5).empty());
  const Peer late = table.add(automatic_id('1'), 5).peer;
  CHECK(table.find(late)->closed);
  CHECK_FALSE(table.add(automatic_id('2'), 6).closed);
  table.descriptor_opened(5);
  const Peer next = table.add(automatic_id('3'), 5).peer;
  CHECK(close_descriptor(table, 5) == Peers{next});
}

TEST_CASE("all that claim a descriptor end with it, in whatever order they were added") {
  PeerTable table;
  const Peer newer = table.add(automatic_id('2'), 5).peer;
  const Peer older = table.add(automatic_id('1'), 5).peer;
  const Peer forgotten = table.add(automatic_id('0'), 5).peer;
  table.erase(forgotten);
  CHECK(close_descriptor(table, 5) == Peers{newer, older});
  CHECK(close_descriptor(table, 5).empty());
}

TEST_CASE("forgetting an unknown peer does nothing") {
  PeerTable table;
  const Peer only = table.add("worker", -1).peer;
  table.erase(Peer{12345});
  table.erase(only);
  table.erase(only);
  CHECK(table.size() == 0);
}

}  // namespace zcrew::net
