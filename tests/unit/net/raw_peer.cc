#include "raw_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>

#include "base/check.h"

namespace zcrew::net {
namespace {

constexpr std::size_t greeting_bytes = 64;

std::string greeting() {
  std::string bytes(greeting_bytes, '\0');
  bytes[0] = '\xff';
  bytes[9] = '\x7f';
  bytes[10] = 3;
  std::memcpy(&bytes[12], "NULL", 4);
  return bytes;
}

std::string frame(std::uint8_t flags, std::string_view body) {
  std::string bytes;
  if (body.size() < 256) {
    bytes.push_back(static_cast<char>(flags));
    bytes.push_back(static_cast<char>(body.size()));
  } else {
    bytes.push_back(static_cast<char>(flags | 2U));
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<char>(body.size() >> static_cast<unsigned>(shift)));
    }
  }
  bytes.append(body);
  return bytes;
}

void append_property(std::string& bytes, std::string_view name, std::string_view value) {
  bytes.push_back(static_cast<char>(name.size()));
  bytes.append(name).append(3, '\0');
  bytes.push_back(static_cast<char>(value.size()));
  bytes.append(value);
}

}  // namespace

RawPeer::RawPeer(const std::string& endpoint, std::string_view type, std::string_view routing_id)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{5, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int at_once = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  ZCREW_CHECK(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);

  write_all(greeting());
  std::string theirs(greeting_bytes, '\0');
  ZCREW_CHECK(read_all(theirs.data(), theirs.size()));
  std::string ready = "\x05READY";
  append_property(ready, "Socket-Type", type);
  append_property(ready, "Identity", routing_id);
  write_all(frame(4, ready));
  ZCREW_CHECK(!receive().empty());
}

RawPeer::~RawPeer() { close(fd_); }

void RawPeer::send(std::initializer_list<std::string_view> frames) {
  std::string bytes;
  std::size_t left = frames.size();
  for (const auto body : frames) bytes += frame(--left > 0 ? 1 : 0, body);
  write_all(bytes);
}

std::string RawPeer::receive() {
  std::uint8_t head[2];
  if (!read_all(reinterpret_cast<char*>(head), 2)) return {};
  std::size_t size = head[1];
  if ((head[0] & 2U) != 0) {
    std::uint8_t rest[7];
    if (!read_all(reinterpret_cast<char*>(rest), 7)) return {};
    for (const auto byte : rest) size = size << 8U | byte;
  }
  std::string body(size, '\0');
  return read_all(body.data(), size) ? body : std::string{};
}

int RawPeer::other_end() const {
  sockaddr_in own{};
  socklen_t size = sizeof own;
  ZCREW_CHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size) == 0);
  int found = -1;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int descriptor = std::stoi(entry.path().filename());
    sockaddr_in peer{};
    size = sizeof peer;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family == AF_INET && peer.sin_port == own.sin_port) found = descriptor;
  }
  ZCREW_CHECK(found >= 0);
  return found;
}

void RawPeer::leave() {
  ZCREW_CHECK(shutdown(fd_, SHUT_WR) == 0);
  ZCREW_CHECK(wait_for_end());
}

bool RawPeer::wait_for_end() {
  char byte = 0;
  while (true) {
    const auto got = recv(fd_, &byte, 1, 0);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return true;
    if (got < 0) return false;
  }
}

void RawPeer::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the tests look at what the other side made of it
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool RawPeer::read_all(char* bytes, std::size_t size) {
  while (size > 0) {
    const auto got = recv(fd_, bytes, size, 0);
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

DeafPort::DeafPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  ZCREW_CHECK(bind(fd_, plain, size) == 0 && getsockname(fd_, plain, &size) == 0);
  endpoint_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

DeafPort::~DeafPort() { close(fd_); }

}  // namespace zcrew::net
