#include <algorithm>
#include <thread>

#include "bench/players.h"
#include "zcrew/router.h"

namespace zcrew::tool::bench {

namespace {

void leave(std::array<char, 128>& place, const std::string& endpoint) {
  std::copy_n(endpoint.begin(), std::min(endpoint.size(), place.size() - 1), place.begin());
}

}  // namespace

void play_router(Board& board, const std::string& journal) {
  RouterOptions options;
  options.clients = options.workers = "tcp://127.0.0.1:*";
  options.journal = journal;
  options.payload_bytes_max = std::uint64_t{64} << 20U;
  Router router(options, [&board](LogLevel level, const std::string& text) {
    if (level == LogLevel::error) board.complain(text.c_str());
  });
  leave(board.frontend, router.frontend());
  leave(board.backend, router.backend());
  board.router_here = true;
  std::thread end([&] {
    board.await(Stage::closed);
    router.stop();
  });
  router.run();
  end.join();
}

}  // namespace zcrew::tool::bench
