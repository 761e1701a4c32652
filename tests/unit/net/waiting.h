// Waiting for conditions in tests: with a deadline, never by sleeping.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/clock.h"
#include "net/socket.h"

namespace zcrew::net {

inline constexpr Duration patience = std::chrono::seconds{10};

// Polls the sockets until the condition holds; false if it never did.
template <typename Condition>
bool wait_until(std::vector<void*> sockets, Condition condition, Duration longest = patience) {
  const Instant deadline = read_clocks().mono + longest;
  while (!condition()) {
    const Duration left = deadline - read_clocks().mono;
    if (left <= Duration::zero()) return false;
    poll(sockets, {}, std::min<Duration>(left, Milliseconds{20}));
  }
  return true;
}

inline bool wait_for(RouterSocket& router, Received& message) {
  return wait_until({router.raw()}, [&] { return router.receive(message); });
}

inline bool wait_for(DealerSocket& dealer, std::string_view& frame) {
  return wait_until({dealer.raw()}, [&] { return dealer.receive(frame); });
}

inline bool wait_for_link(DealerSocket& dealer, DealerSocket::Link wanted) {
  return wait_until({dealer.raw_monitor()}, [&] {
    DealerSocket::Link link{};
    while (dealer.take_link_event(link)) {
      if (link == wanted) return true;
    }
    return false;
  });
}

inline SendStatus send_one(RouterSocket& router, Peer peer, std::string_view frame) {
  return router.send(peer, {&frame, 1});
}

inline RouterSocketOptions any_port(std::uint64_t frame_bytes_max = 0) {
  return {"tcp://127.0.0.1:*", frame_bytes_max};
}

}  // namespace zcrew::net
