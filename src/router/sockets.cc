#include "router/sockets.h"

#include <array>

#include "base/check.h"
#include "zcrew/error.h"

namespace zcrew::router {
namespace {

constexpr std::uint64_t backend_bit = std::uint64_t{1} << 63U;

// As the core sees it, and as the socket does.
Peer outer(core::Side side, Peer peer) {
  const auto number = static_cast<std::uint64_t>(peer);
  ZCREW_CHECK((number & backend_bit) == 0);
  return side == core::Side::frontend ? peer : Peer{number | backend_bit};
}
Peer inner(Peer peer) { return Peer{static_cast<std::uint64_t>(peer) & ~backend_bit}; }

}  // namespace

// Clients leave room for workers, so that a crowd of them does not keep out who does the work.
Sockets::Sockets(const SocketSettings& settings)
    : frontend_(context_, {settings.frontend, settings.frame_bytes_max, 2}),
      backend_(context_, {settings.backend, settings.frame_bytes_max, 1}) {
  woken_ = watch_.add(wakeup_.fd());
  frontend_.join(watch_);
  backend_.join(watch_);
  descriptors_ = {wakeup_.fd()};
  frontend_.add_descriptors(descriptors_);
  backend_.add_descriptors(descriptors_);
  post_.reserve(descriptors_.size());
}

bool Sockets::receive(core::Side side, net::Received& message) {
  if (!at(side).receive(message)) return false;
  message.peer = outer(side, message.peer);
  return true;
}

net::SendStatus Sockets::send(core::Side side, Peer peer,
                              std::span<const std::string_view> frames) {
  return at(side).send(inner(peer), frames);
}

void Sockets::take_gone(core::Side side, std::vector<PeerAt>& peers) {
  at(side).take_suspects(suspects_);
  for (const Peer peer : suspects_) peers.push_back({outer(side, peer), side});
}

void Sockets::forget(const PeerAt& peer) { at(peer.side).forget(inner(peer.peer)); }

void Sockets::set_linger(Milliseconds linger) {
  frontend_.set_linger(linger);
  backend_.set_linger(linger);
}

void Sockets::wait(Duration patience) {
  watch_.wait(unread() ? Duration::zero() : patience);
  if (watch_.take(woken_)) wakeup_.drain();
}

bool Sockets::take_post() {
  try {
    for (const int descriptor : descriptors_) post_.push_back(standby_.add(descriptor));
    return true;
  } catch (const Error&) {
    leave_post();
    return false;
  }
}

void Sockets::leave_post() {
  for (std::size_t i = 0; i < post_.size(); ++i) standby_.remove(descriptors_[i], post_[i]);
  post_.clear();
}

void Sockets::wait_for_wake(Duration patience) {
  net::poll({}, std::array{wakeup_.fd()}, patience);
  wakeup_.drain();
}

}  // namespace zcrew::router
