#include "router/exposure.h"

#include <doctest/doctest.h>

#include <string>

#include "zcrew/error.h"

namespace zcrew::router {
namespace {

int exit_code_of(const std::string& endpoint, bool insecure) {
  try {
    check_exposure(endpoint, insecure);
  } catch (const Error& error) {
    return error.exit_code();
  }
  return 0;
}

TEST_CASE("loopback addresses, ipc and inproc are local") {
  for (const char* endpoint :
       {"tcp://127.0.0.1:5555", "tcp://127.3.2.1:*", "tcp://localhost:0", "tcp://[::1]:5555",
        "tcp://[::ffff:127.0.0.1]:5555", "tcp://lo:5555", "ipc:///run/zcrew.sock", "inproc://a"}) {
    CAPTURE(endpoint);
    CHECK(is_local(endpoint));
    CHECK(exit_code_of(endpoint, false) == 0);
  }
}

TEST_CASE("a plain endpoint beyond loopback is refused as a configuration error") {
  for (const char* endpoint : {"tcp://*:5555", "tcp://0.0.0.0:5555", "tcp://192.168.1.7:5555",
                               "tcp://eth0:5555", "tcp://[::]:5555", "tcp://[fe80::1]:5555"}) {
    CAPTURE(endpoint);
    CHECK_FALSE(is_local(endpoint));
    CHECK(exit_code_of(endpoint, false) == exit_code::configuration);
  }
}

TEST_CASE("insecure allows it") { CHECK(exit_code_of("tcp://*:5555", true) == 0); }

TEST_CASE("a name that only begins like a loopback address is not local") {
  CHECK_FALSE(is_local("tcp://127.example.org:5555"));
  CHECK_FALSE(is_local("tcp://localhost.example.org:5555"));
}

TEST_CASE("what is no endpoint is refused even with insecure") {
  for (const char* endpoint : {"", "5555", "tcp://", "tcp://127.0.0.1", "udp://127.0.0.1:5555"}) {
    CAPTURE(endpoint);
    CHECK(exit_code_of(endpoint, true) == exit_code::configuration);
  }
}

TEST_CASE("the refusal names the endpoint and the cure") {
  std::string text;
  try {
    check_exposure("tcp://*:5555", false);
  } catch (const Error& error) {
    text = error.what();
  }
  CHECK(text.find("tcp://*:5555") != std::string::npos);
  CHECK(text.find("127.0.0.1") != std::string::npos);
  CHECK(text.find("--insecure") != std::string::npos);
}

}  // namespace
}  // namespace zcrew::router
