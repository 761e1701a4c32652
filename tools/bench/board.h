// What the processes of a benchmark know of each other: one piece of memory that all of them map.
// Everything in it is atomic or written before the others may look.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "bench/histogram.h"

namespace zcrew::tool::bench {

enum class Stage : std::uint32_t {
  gather,  // processes start and connect
  fill,    // producers may go
  work,    // workers too
  over,    // producers and workers leave
  closed,  // the router too
};

constexpr unsigned players_max = 256;  // producers, and workers, of one benchmark

// One process's share, on cache lines of its own.
struct alignas(64) Player {
  std::atomic<bool> here;
  std::atomic<std::uint64_t> sent;       // producers
  std::atomic<std::uint64_t> confirmed;  // producers
  std::atomic<std::uint64_t> refused;    // producers
  std::atomic<std::uint64_t> done;       // workers
  std::atomic<std::uint64_t> last_ns;    // of the last confirm, of the last job that was timed
  std::atomic<std::uint64_t> begin_ns;   // of a producer's first job; when a worker connected
  std::atomic<std::uint64_t> sent_ns;    // producers: when all was sent, and …
  std::atomic<std::uint64_t> done_then;  // … what workers had done by then
};

struct Board {
  std::atomic<Stage> stage;
  std::atomic<std::uint64_t> go_ns;  // when producers were let go
  std::array<char, 128> frontend;    // of the own router, its endpoints; valid once it is here
  std::array<char, 128> backend;
  std::array<char, 512> complaint;  // of the first process that failed
  std::atomic<bool> failed;
  std::atomic<bool> router_here;
  std::atomic<std::uint32_t> idle_here;  // workers beside the others that were welcomed
  std::uint32_t producer_count;          // how many of these play; the first
  std::uint32_t worker_count;
  std::array<Player, players_max> producer;
  std::array<Player, players_max> worker;
  Histogram confirm;
  Histogram end_to_end;

  [[nodiscard]] static std::uint64_t sum(std::span<const Player> players,
                                         std::atomic<std::uint64_t> Player::*what) {
    std::uint64_t total = 0;
    for (const Player& player : players) total += (player.*what).load(std::memory_order_acquire);
    return total;
  }
  [[nodiscard]] std::span<const Player> producers() const {
    return std::span(producer).first(producer_count);
  }
  [[nodiscard]] std::span<const Player> workers() const {
    return std::span(worker).first(worker_count);
  }
  [[nodiscard]] std::uint64_t sent() const { return sum(producers(), &Player::sent); }
  [[nodiscard]] std::uint64_t confirmed() const { return sum(producers(), &Player::confirmed); }
  [[nodiscard]] std::uint64_t refused() const { return sum(producers(), &Player::refused); }
  [[nodiscard]] std::uint64_t done() const { return sum(workers(), &Player::done); }

  // Keeps the first complaint only.
  void complain(const char* text);
  // For a moment after the stage was set; polls, since a futex would have to be shared.
  void await(Stage wanted) const;
};

// Zeroed memory shared with every process made later.
class Shared {
 public:
  explicit Shared(std::size_t bytes);
  ~Shared();
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  template <typename T>
  T* as() {
    return std::launder(static_cast<T*>(at_));
  }

 private:
  void* at_;
  std::size_t bytes_;
};

}  // namespace zcrew::tool::bench
