#include "net/monitor.h"

#include <zmq.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/check.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

constexpr std::size_t event_bytes = sizeof(std::uint16_t) + sizeof(std::uint32_t);

std::string fresh_name() {
  static std::atomic<std::uint64_t> count{0};
  return "inproc://zcrew-monitor-" + std::to_string(++count);
}

}  // namespace

Monitor::Monitor(Context& context, NativeSocket& socket, int events)
    : socket_(socket), pair_(context, ZMQ_PAIR, 0, "connection events") {
  const std::string name = fresh_name();
  if (zmq_socket_monitor(socket_.raw(), name.c_str(), events) != 0) {
    throw Error(std::string("no socket left for connection events (") + zmq_strerror(errno) +
                    "): raise the limit of open files (ulimit -n)",
                exit_code::io_error);
  }
  ZCREW_CHECK(zmq_connect(pair_.raw(), name.c_str()) == 0);
}

Monitor::~Monitor() {
  // In this order: an I/O thread that reports to a PAIR nobody reads would wait for ever.
  Event ignored;
  while (next(ignored)) {
  }
  zmq_socket_monitor(socket_.raw(), nullptr, 0);
}

bool Monitor::next(Event& event) {
  std::array<char, event_bytes> head{};
  int got = 0;
  do got = zmq_recv(pair_.raw(), head.data(), head.size(), ZMQ_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0) {
    pair_.is_dry();
    return false;
  }
  // The second frame, the endpoint, is not needed.
  while (zmq_recv(pair_.raw(), nullptr, 0, ZMQ_DONTWAIT) < 0 && errno == EINTR) {
  }
  ZCREW_CHECK(static_cast<std::size_t>(got) == event_bytes);
  std::uint32_t value = 0;
  std::memcpy(&event.kind, head.data(), sizeof event.kind);
  std::memcpy(&value, head.data() + sizeof event.kind, sizeof value);
  event.value = static_cast<int>(value);
  return true;
}

}  // namespace zcrew::net
