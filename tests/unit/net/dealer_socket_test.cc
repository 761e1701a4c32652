#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "raw_peer.h"
#include "waiting.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

using Link = DealerSocket::Link;

}  // namespace

TEST_CASE("a message goes to the router and back") {
  Context context;
  RouterSocket router(context, any_port());
  DealerSocket dealer(context, router.endpoint(), 0);
  REQUIRE(wait_for_link(dealer, Link::connected));
  REQUIRE(dealer.send("hello") == SendStatus::sent);

  Received message;
  REQUIRE(wait_for(router, message));
  REQUIRE(message.frames.size() == 1);
  CHECK(message.frames[0] == "hello");
  CHECK(send_one(router, message.peer, "welcome") == SendStatus::sent);

  std::string_view frame;
  REQUIRE(wait_for(dealer, frame));
  CHECK(frame == "welcome");
}

TEST_CASE("inproc is connected at once") {
  Context context;
  RouterSocket router(context, {"inproc://router", 0});
  DealerSocket dealer(context, "inproc://router", 0);
  Link link{};
  REQUIRE(dealer.take_link_event(link));
  CHECK(link == Link::connected);
  CHECK(dealer.send("hello") == SendStatus::sent);
  Received message;
  CHECK(wait_for(router, message));
}

TEST_CASE("a send without a connection says so and queues nothing") {
  Context context;
  auto deaf = std::make_unique<DeafPort>();
  const std::string endpoint = deaf->endpoint();
  DealerSocket dealer(context, endpoint, 0);
  CHECK(dealer.send("lost") == SendStatus::gone);
  REQUIRE(wait_for_link(dealer, Link::retrying));

  deaf.reset();
  RouterSocket router(context, {endpoint, 0});
  REQUIRE(wait_for_link(dealer, Link::connected));
  REQUIRE(dealer.send("first") == SendStatus::sent);
  Received message;
  REQUIRE(wait_for(router, message));
  CHECK(message.frames[0] == "first");
}

TEST_CASE("the end of the router is an event, and what it sent before can still be read") {
  Context context;
  auto router = std::make_unique<RouterSocket>(context, any_port());
  DealerSocket dealer(context, router->endpoint(), 0);
  REQUIRE(wait_for_link(dealer, Link::connected));
  REQUIRE(dealer.send("hello") == SendStatus::sent);
  Received message;
  REQUIRE(wait_for(*router, message));
  CHECK(send_one(*router, message.peer, "last words") == SendStatus::sent);
  REQUIRE(wait_until({dealer.raw()}, [&] {
    std::string_view frame;
    return dealer.receive(frame) && frame == "last words";
  }));
  router.reset();
  REQUIRE(wait_for_link(dealer, Link::disconnected));
  CHECK(dealer.send("too late") == SendStatus::gone);
}

TEST_CASE("messages of several frames are not for this protocol") {
  Context context;
  RouterSocket router(context, any_port());
  DealerSocket dealer(context, router.endpoint(), 0);
  REQUIRE(wait_for_link(dealer, Link::connected));
  REQUIRE(dealer.send("hello") == SendStatus::sent);
  Received message;
  REQUIRE(wait_for(router, message));
  const std::string_view several[] = {"one", "two", "three"};
  CHECK(router.send(message.peer, several) == SendStatus::sent);
  CHECK(send_one(router, message.peer, "single") == SendStatus::sent);
  std::string_view frame;
  REQUIRE(wait_for(dealer, frame));
  CHECK(frame == "single");
}

TEST_CASE("a frame above the limit ends the connection on the dealer's side too") {
  Context context;
  RouterSocket router(context, any_port());
  DealerSocket dealer(context, router.endpoint(), 1000);
  REQUIRE(wait_for_link(dealer, Link::connected));
  REQUIRE(dealer.send("hello") == SendStatus::sent);
  Received message;
  REQUIRE(wait_for(router, message));
  CHECK(send_one(router, message.peer, std::string(2000, 'x')) == SendStatus::sent);
  CHECK(wait_for_link(dealer, Link::disconnected));
}

TEST_CASE("an endpoint that cannot be parsed is a configuration error") {
  Context context;
  try {
    const DealerSocket dealer(context, "localhost:5556", 0);
    FAIL("it was accepted");
  } catch (const Error& error) {
    CHECK(error.exit_code() == exit_code::configuration);
    CHECK(std::string(error.what()).find("localhost:5556") != std::string::npos);
  }
}

}  // namespace zcrew::net
