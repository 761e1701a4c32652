#include <zmq.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/check.h"
#include "net/entropy.h"
#include "net/free_descriptors.h"
#include "net/socket.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

// libzmq 4.3.4: one of the context's own, and a mailbox and an epoll each for the reaper and the
// I/O thread.
constexpr std::size_t context_descriptors = 5;
// The socket, the two ends of its monitor, and its first connection or the listening one.
constexpr std::size_t socket_descriptors = 4;
constexpr std::size_t sockets_max = 2;  // a router's
// For what other threads open meanwhile.
constexpr std::size_t headroom = 11;

[[noreturn]] void fail(const char* cause) {
  throw Error(std::string("libzmq cannot start (") + cause +
                  "): raise the limit of open files (ulimit -n), or free memory",
              exit_code::io_error);
}

void* make_context() {
  require_free_descriptors(context_descriptors + sockets_max * socket_descriptors + headroom,
                           "connections");
  void* const context = zmq_ctx_new();
  if (context == nullptr) fail(zmq_strerror(errno));
  return context;
}

}  // namespace

Context::Context() : context_(make_context()) {
  // The first socket starts libzmq's threads. Done here, since it needs the descriptors that were
  // just found free.
  void* const first = zmq_socket(context_, ZMQ_PAIR);
  if (first == nullptr) {
    const int error = errno;
    zmq_ctx_term(context_);
    fail(zmq_strerror(error));
  }
  ZCREW_CHECK(zmq_close(first) == 0);
  // libzmq draws the first automatic routing id of a ROUTER from rand() and never seeds it, so that
  // every process would hand out the same well-known ids.
  std::srand(static_cast<unsigned>(random_seed()));
}

Context::~Context() {
  while (zmq_ctx_term(context_) != 0 && errno == EINTR) {
  }
}

}  // namespace zcrew::net
