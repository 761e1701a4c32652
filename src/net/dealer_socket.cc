#include <zmq.h>

#include <cerrno>
#include <deque>
#include <string>

#include "base/check.h"
#include "net/endpoint.h"
#include "net/monitor.h"
#include "net/native_socket.h"
#include "net/socket.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

constexpr int link_events =
    ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED;

// libzmq tries again after this and up to as much again, at random. Short, so that a restarted
// router has its workers back before anyone notices.
constexpr int retry_ms = 50;
// A host that is down gives no answer at all; the kernel would wait for two minutes.
constexpr int connect_timeout_ms = 3000;

}  // namespace

class DealerSocket::Impl {
 public:
  Impl(Context& context, const std::string& endpoint, std::uint64_t frame_bytes_max)
      : socket_(context, ZMQ_DEALER, frame_bytes_max, endpoint),
        monitor_(context, socket_, link_events) {
    if (const auto problem = endpoint_problem(endpoint, EndpointUse::connect)) {
      throw Error(*problem, exit_code::configuration);
    }
    // Nothing is queued for a router that is not there: it would reach the next one.
    socket_.set(ZMQ_IMMEDIATE, 1);
    socket_.set(ZMQ_RECONNECT_IVL, retry_ms);
    socket_.set(ZMQ_CONNECT_TIMEOUT, connect_timeout_ms);
    if (zmq_connect(socket_.raw(), endpoint.c_str()) != 0) {
      throw Error(
          "cannot connect to " + endpoint + ": " + zmq_strerror(errno) + ". Check the address",
          exit_code::configuration);
    }
    if (endpoint.rfind("inproc://", 0) == 0) enter(Link::connected);  // it has no events
    zmq_msg_init(&frame_);
  }

  ~Impl() { zmq_msg_close(&frame_); }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool receive(std::string_view& frame) {
    bool whole = false;
    while (!whole) {
      if (!socket_.may_receive() || !socket_.receive(frame_)) return false;
      whole = zmq_msg_more(&frame_) == 0;
      while (zmq_msg_more(&frame_) != 0) ZCREW_CHECK(socket_.receive(frame_));
    }
    frame = {static_cast<const char*>(zmq_msg_data(&frame_)), zmq_msg_size(&frame_)};
    return true;
  }

  SendStatus send(std::string_view frame) {
    if (ended_) return SendStatus::gone;
    if (try_send(frame)) return SendStatus::sent;
    // libzmq may not have seen yet that the connection is up, or that its queue has room again.
    socket_.catch_up();
    if (try_send(frame)) return SendStatus::sent;
    read_monitor();
    return connected_ ? SendStatus::full : SendStatus::gone;
  }

  bool take_link_event(Link& event) {
    if (monitor_.may_have_events()) read_monitor();
    if (links_.empty()) return false;
    event = links_.front();
    links_.pop_front();
    return true;
  }

  void set_linger(Milliseconds linger) {
    socket_.set(ZMQ_LINGER, static_cast<int>(linger.count()));
  }

  [[nodiscard]] void* raw() const { return socket_.raw(); }
  [[nodiscard]] void* raw_monitor() const { return monitor_.raw(); }

  void join(Watch& watch) {
    socket_.join(watch);
    monitor_.join(watch);
  }

  bool unread() { return !links_.empty() || monitor_.may_have_events() || socket_.unread(); }

 private:
  bool try_send(std::string_view frame) {
    const int error = socket_.send(frame, 0);
    ZCREW_CHECK(error == 0 || error == EAGAIN);
    return error == 0;
  }

  void read_monitor() {
    Monitor::Event event;
    while (monitor_.next(event)) {
      if (ended_) continue;  // libzmq connects again, but the session that owns this is over
      if (event.kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        enter(Link::connected);
      } else if (event.kind == ZMQ_EVENT_DISCONNECTED) {
        // A handshake that failed ends so too, and is one more attempt to the caller.
        enter(connected_ ? Link::disconnected : Link::retrying);
      } else {
        enter(Link::retrying);
      }
    }
  }

  void enter(Link link) {
    // While a router is away for hours, its retries are one event, not thousands.
    if (link == Link::retrying && !links_.empty() && links_.back() == link) return;
    connected_ = link == Link::connected;
    ended_ = link == Link::disconnected;
    links_.push_back(link);
  }

  NativeSocket socket_;
  Monitor monitor_;
  std::deque<Link> links_;
  bool connected_ = false;
  bool ended_ = false;
  zmq_msg_t frame_;
};

DealerSocket::DealerSocket(Context& context, const std::string& endpoint,
                           std::uint64_t frame_bytes_max)
    : impl_(std::make_unique<Impl>(context, endpoint, frame_bytes_max)) {}
DealerSocket::~DealerSocket() = default;

bool DealerSocket::receive(std::string_view& frame) { return impl_->receive(frame); }
SendStatus DealerSocket::send(std::string_view frame) { return impl_->send(frame); }
bool DealerSocket::take_link_event(Link& event) { return impl_->take_link_event(event); }
void DealerSocket::set_linger(Milliseconds linger) { impl_->set_linger(linger); }
void* DealerSocket::raw() const { return impl_->raw(); }
void* DealerSocket::raw_monitor() const { return impl_->raw_monitor(); }
void DealerSocket::join(Watch& watch) { impl_->join(watch); }
bool DealerSocket::unread() { return impl_->unread(); }

}  // namespace zcrew::net
