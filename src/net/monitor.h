// A socket's connection events, as libzmq reports them over an inproc PAIR. Only for src/net.
//
// libzmq's I/O thread waits when this PAIR is full, so memory is bounded and no event is lost, but
// the owner has to read it at every turn.
#pragma once

#include <cstdint>

#include "net/native_socket.h"
#include "net/socket.h"

namespace zcrew::net {

class Monitor {
 public:
  // `events` is an OR of ZMQ_EVENT_*. Must be made before the socket connects or binds, and must go
  // before the socket does. Throws zcrew::Error (74) if libzmq has no socket left.
  Monitor(Context& context, NativeSocket& socket, int events);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  struct Event {
    std::uint16_t kind = 0;
    int value = 0;  // a descriptor, for most kinds
  };
  [[nodiscard]] bool next(Event& event);
  // Whether a Watch that this joined has seen an event since next() found none.
  [[nodiscard]] bool may_have_events() { return pair_.may_receive(); }

  [[nodiscard]] void* raw() const { return pair_.raw(); }
  void join(Watch& watch) { pair_.join(watch); }
  [[nodiscard]] int descriptor() const { return pair_.descriptor(); }

 private:
  NativeSocket& socket_;
  NativeSocket pair_;
};

}  // namespace zcrew::net
