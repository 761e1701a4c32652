// The bytes of job ids and tokens on the wire, big-endian, so that they sort as their values do.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/ids.h"

namespace zcrew::wire {

inline constexpr std::size_t job_bytes = 13;    // queue u32, priority u8, sequence u64
inline constexpr std::size_t token_bytes = 21;  // job, hand-out u32, epoch u32

// Shifts in one expression, which compilers turn into one swap and one move.
template <typename Number>
inline Number load_big(const char* from) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return static_cast<Number>(((static_cast<Number>(static_cast<unsigned char>(from[i]))
                                 << (8 * (sizeof(Number) - 1 - i))) |
                                ...));
  }
  (std::make_index_sequence<sizeof(Number)>{});
}

template <typename Number>
inline void store_big(char* to, Number value) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    ((to[i] = static_cast<char>(value >> (8 * (sizeof(Number) - 1 - i)))), ...);
  }
  (std::make_index_sequence<sizeof(Number)>{});
}

inline void store(char* to, const JobId& id) {
  store_big<std::uint32_t>(to, id.queue);
  to[4] = static_cast<char>(id.priority);
  store_big<std::uint64_t>(to + 5, id.sequence);
}

inline void store(char* to, const Token& token) {
  store(to, token.job);
  store_big<std::uint32_t>(to + job_bytes, token.handout);
  store_big<std::uint32_t>(to + job_bytes + 4, token.epoch);
}

// False for a priority that does not exist: it would be no index into anything.
inline bool load(const char* from, JobId& id) {
  id.queue = load_big<std::uint32_t>(from);
  id.priority = static_cast<Priority>(from[4]);
  id.sequence = load_big<std::uint64_t>(from + 5);
  return id.priority < priority_count;
}

inline bool load(const char* from, Token& token) {
  token.handout = load_big<std::uint32_t>(from + job_bytes);
  token.epoch = load_big<std::uint32_t>(from + job_bytes + 4);
  return load(from, token.job);
}

}  // namespace zcrew::wire
