#include "net/native_socket.h"

#include <zmq.h>

#include <cerrno>
#include <cstddef>

#include "base/check.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

// Messages per connection and direction. Only a backstop: credit and windows keep queues far below.
constexpr int high_water_mark = 100000;
// A half-open connection costs a descriptor for as long as its handshake may take.
constexpr int handshake_ms = 3000;
constexpr int backlog = 4096;
// A machine that vanished without a FIN is noticed by the kernel after 15 + 3 × 5 s; heartbeats are
// quicker, but this also frees the connections of peers that have nothing to say.
constexpr int keepalive_idle_s = 15;
constexpr int keepalive_interval_s = 5;
constexpr int keepalive_count = 3;
constexpr int unacknowledged_ms = 15000;

}  // namespace

NativeSocket::NativeSocket(Context& context, int type, std::uint64_t frame_bytes_max,
                           const std::string& endpoint)
    : socket_(zmq_socket(context.raw(), type)) {
  if (socket_ == nullptr) {
    throw Error("no socket left for " + endpoint + " (" + zmq_strerror(errno) +
                    "): raise the limit of open files (ulimit -n)",
                exit_code::io_error);
  }
  set(ZMQ_LINGER, 0);
  set(ZMQ_SNDHWM, high_water_mark);
  set(ZMQ_RCVHWM, high_water_mark);
  set(ZMQ_HANDSHAKE_IVL, handshake_ms);
  set(ZMQ_BACKLOG, backlog);
  set(ZMQ_TCP_KEEPALIVE, 1);
  set(ZMQ_TCP_KEEPALIVE_IDLE, keepalive_idle_s);
  set(ZMQ_TCP_KEEPALIVE_INTVL, keepalive_interval_s);
  set(ZMQ_TCP_KEEPALIVE_CNT, keepalive_count);
  set(ZMQ_TCP_MAXRT, unacknowledged_ms);
  // Only where it is asked for: with it on, libzmq may look a plain name up as ::1.
  set(ZMQ_IPV6, endpoint.find('[') != std::string::npos ? 1 : 0);
  const std::int64_t frame_max =
      frame_bytes_max == 0 ? -1 : static_cast<std::int64_t>(frame_bytes_max);
  ZCREW_CHECK(zmq_setsockopt(socket_, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0);
}

NativeSocket::~NativeSocket() {
  for (const Joined& at : joined_) at.watch->remove(descriptor(), at.place);
  ZCREW_CHECK(zmq_close(socket_) == 0);
}

void NativeSocket::join(Watch& watch) { joined_.push_back({&watch, watch.add(descriptor())}); }

void NativeSocket::set(int option, int value) {
  ZCREW_CHECK(zmq_setsockopt(socket_, option, &value, sizeof value) == 0);
}

int NativeSocket::descriptor() const {
  int descriptor = -1;
  std::size_t size = sizeof descriptor;
  ZCREW_CHECK(zmq_getsockopt(socket_, ZMQ_FD, &descriptor, &size) == 0);
  return descriptor;
}

bool NativeSocket::catch_up() {
  int events = 0;
  std::size_t size = sizeof events;
  // Reading ZMQ_EVENTS processes the socket's commands, unlike send and receive, which look at them
  // only every so often.
  while (zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size) != 0) {
    ZCREW_CHECK(errno == EINTR);
  }
  stale_ = false;
  return wet_ = (events & ZMQ_POLLIN) != 0;
}

bool NativeSocket::receive(zmq_msg_t& frame) {
  while (zmq_msg_recv(&frame, socket_, ZMQ_DONTWAIT) < 0) {
    if (errno == EAGAIN) {
      wet_ = stale_ = false;
      return false;
    }
    ZCREW_CHECK(errno == EINTR);
  }
  return true;
}

int NativeSocket::send(std::string_view frame, int flags) {
  stale_ = true;
  while (zmq_send(socket_, frame.data(), frame.size(), flags | ZMQ_DONTWAIT) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

bool NativeSocket::unread() {
  if (joined_.empty()) return catch_up();
  return may_receive() || (stale_ && catch_up());
}

bool NativeSocket::may_receive() {
  for (const Joined& at : joined_) wet_ = at.watch->take(at.place) || wet_;
  return wet_ || joined_.empty();
}

}  // namespace zcrew::net
