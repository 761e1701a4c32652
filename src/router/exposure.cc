#include "router/exposure.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "net/endpoint.h"
#include "zcrew/error.h"

namespace zcrew::router {
namespace {

bool is_loopback_v6(const in6_addr& address) {
  constexpr std::array<std::uint8_t, 12> mapped_v4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (IN6_IS_ADDR_LOOPBACK(&address)) return true;
  return std::equal(mapped_v4.begin(), mapped_v4.end(), &address.s6_addr[0]) &&
         address.s6_addr[12] == 127;
}

// Addresses only: a name that merely begins like one ("127.example.org") is not trusted.
bool is_loopback_host(const std::string& host) {
  if (host == "localhost" || host == "lo") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return false;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) == 1 &&
         is_loopback_v6(v6);
}

}  // namespace

bool is_local(std::string_view endpoint) {
  if (endpoint.starts_with("ipc://") || endpoint.starts_with("inproc://")) return true;
  constexpr std::string_view tcp = "tcp://";
  const std::size_t port = endpoint.rfind(':');
  if (!endpoint.starts_with(tcp) || port < tcp.size()) return false;
  return is_loopback_host(std::string(endpoint.substr(tcp.size(), port - tcp.size())));
}

void check_exposure(const std::string& endpoint, bool insecure) {
  if (const auto problem = net::endpoint_problem(endpoint, net::EndpointUse::listen)) {
    throw Error(*problem, exit_code::configuration);
  }
  if (insecure || is_local(endpoint)) return;
  throw Error(fmt::format("Refusing to listen on {}: other machines could reach it, and whoever "
                          "does can read, submit and destroy jobs or stop the router. Listen on "
                          "127.0.0.1, or allow it with --insecure if everyone on that network may "
                          "do so.",
                          endpoint),
              exit_code::configuration);
}

}  // namespace zcrew::router
