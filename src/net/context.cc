#include <zmq.h>

#include <cerrno>
#include <cstdlib>

#include "base/check.h"
#include "net/entropy.h"
#include "net/socket.h"

namespace zcrew::net {

Context::Context() : context_(zmq_ctx_new()) {
  ZCREW_CHECK(context_ != nullptr);
  // libzmq draws the first automatic routing id of a ROUTER from rand() and never seeds it, so that
  // every process would hand out the same well-known ids.
  std::srand(static_cast<unsigned>(random_seed()));
}

Context::~Context() {
  while (zmq_ctx_term(context_) != 0 && errno == EINTR) {
  }
}

}  // namespace zcrew::net
