#include "net/monitor.h"

#include <zmq.h>

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
  zmq_msg_t frame;
  zmq_msg_init(&frame);
  const bool there = pair_.receive(frame);
  if (there) {
    ZCREW_CHECK(zmq_msg_size(&frame) == event_bytes);
    const auto* const head = static_cast<const char*>(zmq_msg_data(&frame));
    std::uint32_t value = 0;
    std::memcpy(&event.kind, head, sizeof event.kind);
    std::memcpy(&value, head + sizeof event.kind, sizeof value);
    event.value = static_cast<int>(value);
    ZCREW_CHECK(pair_.receive(frame));  // the endpoint, which is not needed
  }
  zmq_msg_close(&frame);
  return there;
}

}  // namespace zcrew::net
