#include "net/endpoint.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace zcrew::net {
namespace {

constexpr std::string_view tcp = "tcp://";
constexpr std::string_view ipc = "ipc://";
constexpr std::string_view inproc = "inproc://";

struct HostPort {
  std::string_view host;
  std::string_view port;
};

std::optional<HostPort> split_tcp(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return HostPort{address.substr(0, colon), address.substr(colon + 1)};
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool is_address_character(char c) { return is_host_character(c) || c == ':' || c == '%'; }

bool is_host(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    const auto inner = host.substr(1, host.size() - 2);
    return !inner.empty() && std::all_of(inner.begin(), inner.end(), is_address_character);
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character);
}

std::optional<unsigned> port_number(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port > 65535) return std::nullopt;
  return port;
}

std::string problem(std::string_view endpoint, std::string_view cause_and_cure) {
  std::string text = "'";
  text.append(endpoint).append("' is not a usable endpoint: ").append(cause_and_cure);
  return text;
}

std::optional<std::string> tcp_problem(std::string_view endpoint, EndpointUse use) {
  const auto parts = split_tcp(endpoint.substr(tcp.size()));
  if (!parts) return problem(endpoint, "the port is missing, write tcp://HOST:PORT");
  const bool listens = use == EndpointUse::listen;
  if (parts->host == "*" && !listens) {
    return problem(endpoint, "'*' is only for listening, name the router's host");
  }
  if (parts->host != "*" && !is_host(parts->host)) {
    return problem(endpoint,
                   "the host must be a name, an IPv4 address or an IPv6 address in brackets");
  }
  if (listens && parts->port == "*") return std::nullopt;
  const auto port = port_number(parts->port);
  if (!port || (*port == 0 && !listens)) {
    return problem(endpoint, listens ? "the port must be a number up to 65535, or * for any"
                                     : "the port must be a number from 1 to 65535");
  }
  return std::nullopt;
}

std::optional<std::string> ipc_problem(std::string_view endpoint) {
  const auto path = endpoint.substr(ipc.size());
  if (path.empty()) return problem(endpoint, "the path is missing, write ipc:///run/zcrew/workers");
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return problem(endpoint,
                   "its path is too long for a Unix socket (107 bytes), use a shorter one");
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> endpoint_problem(std::string_view endpoint, EndpointUse use) {
  if (endpoint.find('\0') != std::string_view::npos) {
    return problem(endpoint, "it contains a zero byte");
  }
  if (endpoint.substr(0, tcp.size()) == tcp) return tcp_problem(endpoint, use);
  if (endpoint.substr(0, ipc.size()) == ipc) return ipc_problem(endpoint);
  if (endpoint.substr(0, inproc.size()) == inproc && endpoint.size() > inproc.size()) {
    return std::nullopt;
  }
  return problem(endpoint, "write tcp://HOST:PORT or ipc://PATH");
}

std::optional<std::string> name_problem(std::string_view endpoint) {
  if (endpoint.substr(0, tcp.size()) != tcp) return std::nullopt;
  const auto parts = split_tcp(endpoint.substr(tcp.size()));
  if (!parts || parts->host.empty() || parts->host.front() == '[') return std::nullopt;
  const std::string host{parts->host};
  addrinfo hints;
  std::memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int rc = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (rc == 0) {
    freeaddrinfo(found);
    return std::nullopt;
  }
  return "the host name '" + host + "' has no address (" + gai_strerror(rc) +
         "): check its spelling and the name service, or give an IP address";
}

}  // namespace zcrew::net
