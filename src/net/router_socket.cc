#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/check.h"
#include "net/clock.h"
#include "net/door.h"
#include "net/endpoint.h"
#include "net/free_descriptors.h"
#include "net/ipc_path.h"
#include "net/monitor.h"
#include "net/native_socket.h"
#include "net/peer_table.h"
#include "net/socket.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

// No dialect has messages of so many frames; what lies beyond is read and dropped, which leaves a
// message that no decoder takes for one of its own.
constexpr std::size_t frames_max = 32;

// A connection's end is reported once its last messages were read, or after this time at the
// latest, which counts when others keep the socket from ever running dry.
constexpr Duration last_words = Milliseconds{100};

// The listening one, one in which libzmq asks for the network interfaces, and headroom for what
// other threads open meanwhile.
constexpr std::size_t bind_descriptors = 8;

std::string_view bytes_of(zmq_msg_t& message) {
  return {static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message)};
}

std::string bind_problem(const std::string& endpoint, int error) {
  const std::string start = "cannot listen on " + endpoint + ": ";
  switch (error) {
    case EADDRINUSE:
      return start + "another program has that address. Stop it (" +
             (endpoint.starts_with("ipc:") ? "ss -lxp shows who it is) or choose another path"
                                           : "ss -ltnp shows who it is) or choose another port");
    case EEXIST:
      return start + "a file that is no socket is there. Choose another path";
    case EADDRNOTAVAIL:
    case ENODEV:
      return start +
             "this machine has no such address or interface. Use one that `ip address` lists, or * "
             "for all";
    case EACCES:
      return start + "not permitted. Choose a port above 1023 or a directory you may write to";
    default:
      return start + zmq_strerror(error) + ". Check the address, or the directory of an ipc path";
  }
}

int bind_exit_code(int error) {
  const bool exhausted = error == EMFILE || error == ENFILE;
  return exhausted ? exit_code::io_error : exit_code::configuration;
}

// ZeroMQ takes a name for that of a network interface, and there is none of this one.
std::string bindable(const std::string& endpoint) {
  constexpr std::string_view name = "tcp://localhost:";
  if (!endpoint.starts_with(name)) return endpoint;
  return "tcp://127.0.0.1:" + endpoint.substr(name.size());
}

}  // namespace

class RouterSocket::Impl {
 public:
  Impl(Context& context, const RouterSocketOptions& options)
      : socket_(context, ZMQ_ROUTER, options.frame_bytes_max, options.endpoint),
        monitor_(context, socket_,
                 ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED),
        door_(options.margins) {
    if (const auto problem = endpoint_problem(options.endpoint, EndpointUse::listen)) {
      throw Error(*problem, exit_code::configuration);
    }
    socket_.set(ZMQ_ROUTER_MANDATORY, 1);
    socket_.set(ZMQ_ROUTER_HANDOVER, 0);
    socket_.set(ZMQ_BACKLOG, Door::backlog());
    require_free_descriptors(bind_descriptors, "listening");
    const IpcTurn turn(options.endpoint);
    int error = turn.bind_error();
    if (error == 0 && zmq_bind(socket_.raw(), bindable(options.endpoint).c_str()) != 0)
      error = errno;
    if (error != 0) throw Error(bind_problem(options.endpoint, error), bind_exit_code(error));
    std::array<char, 256> bound{};
    std::size_t size = bound.size();
    ZCREW_CHECK(zmq_getsockopt(socket_.raw(), ZMQ_LAST_ENDPOINT, bound.data(), &size) == 0);
    endpoint_ = bound.data();
    zmq_msg_init(&routing_id_);
    zmq_msg_init(&surplus_);
    for (auto& frame : frames_) zmq_msg_init(&frame);
  }

  ~Impl() {
    zmq_msg_close(&routing_id_);
    zmq_msg_close(&surplus_);
    for (auto& frame : frames_) zmq_msg_close(&frame);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool receive(Received& message) {
    if (!socket_.may_receive() || !socket_.receive(routing_id_)) return false;
    std::size_t count = 0;
    for (bool more = zmq_msg_more(&routing_id_) != 0; more;) {
      zmq_msg_t& frame = count < frames_max ? frames_[count] : surplus_;
      // The frames of a message arrive together (zmq_msg_recv(3)).
      ZCREW_CHECK(socket_.receive(frame));
      if (count < frames_max) views_[count++] = bytes_of(frame);
      more = zmq_msg_more(&frame) != 0;
    }
    message.peer = name_sender(count);
    message.frames = {views_.data(), count};
    return true;
  }

  SendStatus send(Peer peer, std::span<const std::string_view> frames) {
    ZCREW_CHECK(!frames.empty());
    const Connection* connection = peers_.find(peer);
    if (connection == nullptr || connection->closed) return SendStatus::gone;
    const SendStatus status = open_message(connection->routing_id);
    if (status != SendStatus::sent) return status;
    // Once the routing id is accepted the rest is taken, or dropped if the connection dies now.
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const int more = i + 1 < frames.size() ? ZMQ_SNDMORE : 0;
      ZCREW_CHECK(socket_.send(frames[i], more) == 0);
    }
    return SendStatus::sent;
  }

  void take_suspects(std::vector<Peer>& suspects) {
    suspects.clear();
    if (monitor_.may_have_events()) read_monitor();
    door_.look();
    if (closed_.empty()) return;
    const bool dry = !socket_.catch_up();
    const Instant now = read_clocks().mono;
    std::vector<Closed> later;
    for (const Closed& closed : closed_) {
      Connection* connection = peers_.find(closed.peer);
      if (connection == nullptr) continue;
      if (!dry && !connection->replaced && now - closed.since < last_words) {
        later.push_back(closed);
        continue;
      }
      connection->reported = true;
      suspects.push_back(closed.peer);
    }
    closed_ = std::move(later);
  }

  void forget(Peer peer) { peers_.erase(peer); }

  void set_linger(Milliseconds linger) {
    socket_.set(ZMQ_LINGER, static_cast<int>(linger.count()));
  }

  [[nodiscard]] bool crowded() const { return door_.shut(); }
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] void* raw() const { return socket_.raw(); }
  [[nodiscard]] void* raw_monitor() const { return monitor_.raw(); }

  void join(Watch& watch) {
    socket_.join(watch);
    monitor_.join(watch);
  }

  bool unread() { return socket_.unread(); }
  void add_descriptors(std::vector<int>& descriptors) const {
    descriptors.push_back(socket_.descriptor());
    descriptors.push_back(monitor_.descriptor());
  }

 private:
  struct Closed {
    Peer peer;
    Instant since;
  };

  // Metadata is read from a payload frame: libzmq loses that of the routing id's after a poll.
  int descriptor_of_message(std::size_t frame_count) {
    return frame_count == 0 ? -1 : zmq_msg_get(&frames_[0], ZMQ_SRCFD);
  }

  Peer name_sender(std::size_t frame_count) {
    const std::string_view id = bytes_of(routing_id_);
    const Connection* known = peers_.find(id);
    if (known != nullptr && !known->named && !known->closed) return known->peer;
    const int descriptor = descriptor_of_message(frame_count);
    // A closed connection's last words still come from it, until its owner knows of the end.
    if (known != nullptr && known->descriptor == descriptor && !known->reported) return known->peer;
    // Every end of an earlier connection with this descriptor was reported before it was given out
    // again, so reading the reports now makes sure that a later one is about this connection too.
    read_monitor();
    const Connection* replaced = peers_.find(id);
    if (replaced != nullptr && !replaced->closed) suspect(replaced->peer);
    const Connection& added = peers_.add(id, descriptor);
    if (added.closed) suspect(added.peer);
    return added.peer;
  }

  void suspect(Peer peer) { closed_.push_back({peer, read_clocks().mono}); }

  void read_monitor() {
    Monitor::Event event;
    while (monitor_.next(event)) {
      if (event.kind == ZMQ_EVENT_LISTENING) door_.hang(event.value);
      if (event.kind == ZMQ_EVENT_ACCEPTED) {
        door_.accepted(event.value);
        peers_.descriptor_opened(event.value);
      }
      if (event.kind == ZMQ_EVENT_DISCONNECTED) {
        ended_.clear();
        peers_.descriptor_closed(event.value, ended_);
        for (const Peer peer : ended_) suspect(peer);
      }
    }
  }

  SendStatus open_message(std::string_view routing_id) {
    int error = socket_.send(routing_id, ZMQ_SNDMORE);
    // libzmq may not have seen yet that the peer read something or went away.
    if (error == EAGAIN) {
      socket_.catch_up();
      error = socket_.send(routing_id, ZMQ_SNDMORE);
    }
    if (error == 0) return SendStatus::sent;
    if (error == EAGAIN) return SendStatus::full;
    ZCREW_CHECK(error == EHOSTUNREACH);
    return SendStatus::gone;
  }

  NativeSocket socket_;
  Monitor monitor_;
  Door door_;
  std::string endpoint_;
  PeerTable peers_;
  std::vector<Closed> closed_;
  std::vector<Peer> ended_;  // by one report
  zmq_msg_t routing_id_;
  zmq_msg_t surplus_;
  std::array<zmq_msg_t, frames_max> frames_;
  std::array<std::string_view, frames_max> views_;
};

RouterSocket::RouterSocket(Context& context, const RouterSocketOptions& options)
    : impl_(std::make_unique<Impl>(context, options)) {}
RouterSocket::~RouterSocket() = default;

const std::string& RouterSocket::endpoint() const { return impl_->endpoint(); }
bool RouterSocket::receive(Received& message) { return impl_->receive(message); }
SendStatus RouterSocket::send(Peer peer, std::span<const std::string_view> frames) {
  return impl_->send(peer, frames);
}
void RouterSocket::take_suspects(std::vector<Peer>& suspects) { impl_->take_suspects(suspects); }
bool RouterSocket::crowded() const { return impl_->crowded(); }
void RouterSocket::forget(Peer peer) { impl_->forget(peer); }
void RouterSocket::set_linger(Milliseconds linger) { impl_->set_linger(linger); }
void* RouterSocket::raw() const { return impl_->raw(); }
void* RouterSocket::raw_monitor() const { return impl_->raw_monitor(); }
void RouterSocket::join(Watch& watch) { impl_->join(watch); }
bool RouterSocket::unread() { return impl_->unread(); }
void RouterSocket::add_descriptors(std::vector<int>& descriptors) const {
  impl_->add_descriptors(descriptors);
}

}  // namespace zcrew::net
