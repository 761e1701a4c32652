// Connections that ended before their first message was read, and those that got their descriptor
// next. In these tests the RouterSocket is in a thread that is busy with something else meanwhile.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "raw_peer.h"
#include "waiting.h"

namespace zcrew::net {
namespace {

class BusyRouter {
 public:
  // What the sockets open when they first look around is open before anybody comes.
  BusyRouter() : bystander_(aside_.endpoint(), "DEALER", "") {
    std::vector<Peer> nobody;
    for (RouterSocket* socket : {&router, &aside_}) socket->take_suspects(nobody);
  }
  ~BusyRouter() {
    for (const int descriptor : lower_) close(descriptor);
  }
  BusyRouter(const BusyRouter&) = delete;
  BusyRouter& operator=(const BusyRouter&) = delete;

  [[nodiscard]] std::unique_ptr<RawPeer> connect(const std::string& routing_id) const {
    return std::make_unique<RawPeer>(router.endpoint(), "DEALER", routing_id);
  }

  // The same on a free descriptor of this side: the lowest there is, but for one of the peer's own.
  std::unique_ptr<RawPeer> connect_on(int descriptor, const std::string& routing_id) {
    while (lower_.empty() || lower_.back() < descriptor) {
      lower_.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
      REQUIRE(lower_.back() >= 0);
    }
    REQUIRE(lower_.size() >= 2);
    for (int last = 0; last < 2; ++last) {
      close(lower_.back());
      lower_.pop_back();
    }
    auto peer = connect(routing_id);
    REQUIRE(peer->other_end() == descriptor);
    return peer;
  }

  // The I/O thread has seen all that was sent and closed until now: it hears its sockets in the
  // order in which something came for them, and what it hears for one twice is behind all of it.
  void let_io_thread_catch_up() {
    for (int round = 0; round < 3; ++round) {
      bystander_.send({"round"});
      Received message;
      REQUIRE(wait_for(aside_, message));
    }
  }

  std::vector<Peer> take_suspects() {
    std::vector<Peer> suspects;
    router.take_suspects(suspects);
    return suspects;
  }

  // True as soon as the peer is among the suspects.
  bool wait_for_suspect(Peer peer) {
    return wait_until({router.raw_monitor()}, [&] {
      const std::vector<Peer> suspects = take_suspects();
      return std::find(suspects.begin(), suspects.end(), peer) != suspects.end();
    });
  }

 private:
  Context context_;

 public:
  RouterSocket router{context_, any_port()};

 private:
  RouterSocket aside_{context_, any_port()};
  RawPeer bystander_;
  std::vector<int> lower_;  // that are nobody's
};

}  // namespace

TEST_CASE("a connection that ended before its first message was read is reported") {
  BusyRouter busy;
  auto peer = busy.connect("");
  peer->send({"hello"});
  peer->leave();
  peer.reset();
  busy.let_io_thread_catch_up();
  // Its end is read here, when nobody knows whose it is.
  CHECK(busy.take_suspects().empty());
  Received message;
  REQUIRE(wait_for(busy.router, message));
  CHECK(send_one(busy.router, message.peer, "anyone?") == SendStatus::gone);
  CHECK(busy.wait_for_suspect(message.peer));
}

TEST_CASE("who gets the descriptor of one that never spoke is not blamed for its end") {
  BusyRouter busy;
  auto silent = busy.connect("");
  const int descriptor = silent->other_end();
  silent->leave();
  silent.reset();
  busy.let_io_thread_catch_up();
  CHECK(busy.take_suspects().empty());
  const auto speaker = busy.connect_on(descriptor, "");
  speaker->send({"hello"});
  Received message;
  REQUIRE(wait_for(busy.router, message));
  busy.let_io_thread_catch_up();
  CHECK(busy.take_suspects().empty());
  CHECK(send_one(busy.router, message.peer, "alive?") == SendStatus::sent);
}

struct TwoOnADescriptor {
  const char* earlier_id;
  const char* later_id;
  bool answered;  // the earlier one, which is forgotten then
};

// libzmq may hand out the messages of the later connection first.
TEST_CASE("a connection's end is reported though the one before on its descriptor was read late") {
  for (const TwoOnADescriptor& two : {TwoOnADescriptor{"", "", true},
                                      {"", "", false},
                                      {"one", "two", true},
                                      {"one", "two", false}}) {
    CAPTURE(two.earlier_id);
    CAPTURE(two.answered);
    BusyRouter busy;
    Received message;
    const auto other = busy.connect("");
    other->send({"first in turn"});
    REQUIRE(wait_for(busy.router, message));

    auto earlier = busy.connect(two.earlier_id);
    const int descriptor = earlier->other_end();
    earlier->send({"earlier"});
    earlier->leave();
    earlier.reset();
    busy.let_io_thread_catch_up();
    auto later = busy.connect_on(descriptor, two.later_id);
    later->send({"later"});
    busy.let_io_thread_catch_up();

    REQUIRE(busy.router.unread());  // takes notice of both connections, the later one on top
    REQUIRE(busy.router.receive(message));
    REQUIRE(message.frames[0] == "later");
    const Peer living = message.peer;
    REQUIRE(busy.router.receive(message));
    REQUIRE(message.frames[0] == "earlier");
    const Peer ended = message.peer;
    CHECK(busy.take_suspects().empty());
    CHECK(send_one(busy.router, living, "alive?") == SendStatus::sent);

    if (two.answered) {
      CHECK(send_one(busy.router, ended, "welcome") == SendStatus::gone);
      busy.router.forget(ended);
    }
    later.reset();
    CHECK(busy.wait_for_suspect(living));
  }
}

}  // namespace zcrew::net
