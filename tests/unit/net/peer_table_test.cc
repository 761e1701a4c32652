#include "net/peer_table.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace zcrew::net {
namespace {

std::string automatic_id(char last) { return {'\0', 'a', 'b', 'c', last}; }

}  // namespace

TEST_CASE("a connection is found by its peer, routing id and descriptor") {
  PeerTable table;
  const Peer automatic = table.add(automatic_id('d'), 7).peer;
  const Peer named = table.add("7E81-9A67", 8).peer;
  CHECK(table.find(automatic_id('d'))->peer == automatic);
  CHECK(table.find("7E81-9A67")->peer == named);
  CHECK(table.find_descriptor(7)->peer == automatic);
  CHECK(table.find_descriptor(8)->peer == named);
  CHECK(table.find(named)->named);
  CHECK_FALSE(table.find(automatic)->named);
  CHECK(table.find("other") == nullptr);
  CHECK(table.find_descriptor(9) == nullptr);
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
  CHECK(table.find_descriptor(5) == nullptr);
  table.erase(before);
  CHECK(table.find("worker")->peer == after);
  CHECK(table.find_descriptor(6)->peer == after);
}

TEST_CASE("a closed connection does not own its descriptor any more") {
  PeerTable table;
  const Peer before = table.add(automatic_id('1'), 5).peer;
  table.mark_closed(*table.find(before));
  CHECK(table.find_descriptor(5) == nullptr);
  const Peer after = table.add(automatic_id('2'), 5).peer;
  table.erase(before);
  CHECK(table.find_descriptor(5)->peer == after);
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
