// Runs: attempts that one entry of a message stands for, because their tokens differ in the
// sequence alone, which grows by one from each to the next (docs/protocol.md 5.3). Pure.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "base/ids.h"
#include "wire/messages.h"

namespace zcrew::wire {

// The nth attempt behind `token`, in its run.
inline Token behind(Token token, std::uint64_t n) {
  token.job.sequence += n;
  return token;
}

// Whether `next` is the one behind a run of so many that begins with `first`.
inline bool is_behind(const Token& first, std::uint32_t count, const Token& next) {
  return first.job.sequence + count == next.job.sequence && first.job.queue == next.job.queue &&
         first.job.priority == next.job.priority && first.handout == next.handout &&
         first.epoch == next.epoch;
}

// What may be said of several at once: done, without a result, in less than an hour.
inline bool may_be_run(const OutcomeItem& item) {
  return item.outcome == Outcome::done && item.bytes.empty() && item.delay_ms == 0 &&
         item.run_us <= UINT32_MAX && item.held_us <= UINT32_MAX;
}

// Adds an attempt to the last run of these, or as a new one.
inline void append(std::vector<TokenRun>& runs, const Token& token) {
  if (!runs.empty() && is_behind(runs.back().first, runs.back().count, token)) {
    ++runs.back().count;
  } else {
    runs.push_back({token, 1});
  }
}

template <typename Entry>
concept MayBeRun = std::is_same_v<Entry, TokenRun> || std::is_same_v<Entry, OutcomeItem>;

// The attempts of all these runs.
template <typename Run>
std::uint64_t count_of(const std::vector<Run>& runs) {
  std::uint64_t count = 0;
  for (const Run& run : runs) count += run.count;
  return count;
}

// As how many an entry counts in its message.
template <typename Entry>
std::uint32_t size_of(const Entry& entry) {
  if constexpr (MayBeRun<Entry>) return entry.count;
  return 1;
}

}  // namespace zcrew::wire
