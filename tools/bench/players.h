// What the processes of a benchmark do: each of these runs in a process of its own, with the public
// library that every user has, and returns when its part is over.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "bench/board.h"
#include "bench/plan.h"

namespace zcrew::tool::bench {

// How often each job ran, and where last; shared by all workers.
struct Run {
  std::atomic<std::uint8_t> times;
  std::atomic<std::uint8_t> worker;
};

// A router with a journal of its own in `journal`; leaves its endpoints on the board.
void play_router(Board& board, const std::string& journal);

void play_producer(Board& board, const Plan& plan, unsigned index, const std::string& endpoint);

void play_worker(Board& board, const Plan& plan, unsigned index, const std::string& endpoint,
                 Run* runs);

// Workers that are connected and get no jobs, numbered from `first`.
void play_crowd(Board& board, unsigned first, unsigned count, const std::string& endpoint);

}  // namespace zcrew::tool::bench
