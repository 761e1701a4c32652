#include "net/entropy.h"

#include <sys/random.h>

#include <cerrno>
#include <cstddef>

#include "base/check.h"

namespace zcrew::net {
namespace {

void fill(void* bytes, std::size_t size) {
  ssize_t got = 0;
  do got = getrandom(bytes, size, 0);
  while (got < 0 && errno == EINTR);
  // Requests of up to 256 bytes are never cut short (getrandom(2)).
  ZCREW_CHECK(got == static_cast<ssize_t>(size));
}

}  // namespace

Uuid random_uuid() {
  Uuid uuid;
  fill(uuid.bytes.data(), uuid.bytes.size());
  return uuid;
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  fill(&seed, sizeof seed);
  return seed;
}

}  // namespace zcrew::net
