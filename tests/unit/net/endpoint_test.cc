#include "net/endpoint.h"

#include <doctest/doctest.h>

#include <string>

namespace zcrew::net {

TEST_CASE("endpoints that people write are accepted") {
  for (const char* text : {"tcp://127.0.0.1:5555", "tcp://router.example.org:1", "tcp://[::1]:5555",
                           "tcp://localhost:65535", "ipc:///run/zcrew", "inproc://here"}) {
    CAPTURE(text);
    CHECK_FALSE(endpoint_problem(text, EndpointUse::connect));
    CHECK_FALSE(endpoint_problem(text, EndpointUse::listen));
  }
}

TEST_CASE("a wildcard is for listening only") {
  for (const char* text : {"tcp://*:5555", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0"}) {
    CAPTURE(text);
    CHECK_FALSE(endpoint_problem(text, EndpointUse::listen));
    CHECK(endpoint_problem(text, EndpointUse::connect));
  }
}

TEST_CASE("what is no endpoint gets a sentence that names it") {
  const std::string long_path = "ipc:///" + std::string(200, 'x');
  for (const std::string& text :
       {std::string("localhost:5555"), std::string("tcp://localhost"), std::string("tcp://:5555"),
        std::string("tcp://a b:5555"), std::string("tcp://host:65536"), std::string("tcp://host:"),
        std::string("tcp://host:12x"), std::string("tcp://[::1:5555"), std::string("udp://host:1"),
        std::string("ipc://"), std::string("inproc://"), std::string(), long_path,
        std::string("tcp://ho\0st:1", 13)}) {
    CAPTURE(text);
    const auto problem = endpoint_problem(text, EndpointUse::connect);
    REQUIRE(problem);
    CHECK(problem->find(text) != std::string::npos);
    CHECK(problem->find('\n') == std::string::npos);
  }
}

TEST_CASE("an address needs no name service") {
  CHECK_FALSE(name_problem("tcp://127.0.0.1:5555"));
  CHECK_FALSE(name_problem("tcp://[::1]:5555"));
  CHECK_FALSE(name_problem("ipc:///run/zcrew"));
}

TEST_CASE("a name that means nothing is called by its name") {
  // RFC 6761 keeps .invalid free of hosts for ever.
  const auto problem = name_problem("tcp://no-such-host.invalid:5555");
  REQUIRE(problem);
  CHECK(problem->find("no-such-host.invalid") != std::string::npos);
}

}  // namespace zcrew::net
