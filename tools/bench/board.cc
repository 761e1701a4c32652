#include "bench/board.h"

#include <sys/mman.h>

#include <cstring>

#include "bench/stamp.h"
#include "zcrew/error.h"

namespace zcrew::tool::bench {

namespace {

// Rare enough not to take time from what is measured: each of two dozen players waits for the end
// beside its work, and wakes for each look.
constexpr std::uint64_t look_every_ns = 5000000;
constexpr std::uint64_t look_for_the_end_every_ns = 50000000;

}  // namespace

void Board::complain(const char* text) {
  if (failed.exchange(true)) return;
  std::strncpy(complaint.data(), text, complaint.size() - 1);
}

void Board::await(Stage wanted) const {
  const std::uint64_t rest_ns = wanted < Stage::over ? look_every_ns : look_for_the_end_every_ns;
  while (stage.load() < wanted) sleep_until(now_ns() + rest_ns);
}

Shared::Shared(std::size_t bytes)
    : at_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
      bytes_(bytes) {
  if (at_ == MAP_FAILED) {
    throw Error("no memory for so many jobs: lower --jobs or --backlog", exit_code::io_error);
  }
}

Shared::~Shared() { ::munmap(at_, bytes_); }

}  // namespace zcrew::tool::bench
