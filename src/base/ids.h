// The names of jobs, attempts, queues and processes.
//
// A JobId says where the job's record is (queue, priority, sequence is the journal's key order), so
// no index by id exists. A Token names one hand-out of a job to one worker; only the current token
// of a job settles it (fencing).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace zcrew {

using QueueNumber = std::uint32_t;  // given at a queue's first use, never reused; 0 is no queue
using Priority = std::uint8_t;      // 0 (most urgent) … 9
using Sequence = std::uint64_t;     // router-wide, grows with every accepted job
using Epoch = std::uint32_t;        // grows with every start of a router on one journal

inline constexpr Priority priority_count = 10;

struct JobId {
  QueueNumber queue = 0;
  Priority priority = 0;
  Sequence sequence = 0;
  auto operator<=>(const JobId&) const = default;
};

// The nth hand-out of a job, and the router epoch in which it happened. Hand-outs that were
// released count here, unlike in a job's attempts, so that no token names two hand-outs.
struct Token {
  JobId job;
  std::uint32_t handout = 0;
  Epoch epoch = 0;
  auto operator<=>(const Token&) const = default;
};

// 16 random bytes: a worker instance or a producer session.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
};

// One connection as the router's net floor names it: never used twice while the router lives.
enum class Peer : std::uint64_t {};

// "q3p5n1048577": one word, so that a double click takes it whole.
std::string to_text(const JobId& id);
std::optional<JobId> parse_job_id(std::string_view text);
// The same for text that is the spelling of `before`, or empty: jobs mostly follow each other, and
// nine of ten ids differ from the one before in the last digit alone.
void respell(std::string& text, const JobId& before, const JobId& id);

// 32 lower-case hex digits.
std::string to_text(const Uuid& uuid);
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace zcrew

template <>
struct std::hash<zcrew::JobId> {
  std::size_t operator()(const zcrew::JobId& id) const noexcept {
    // Sequences are dense and unique per router, so one multiplication spreads them well enough.
    return static_cast<std::size_t>((id.sequence * 0x9E3779B97F4A7C15ULL) ^ id.queue);
  }
};

template <>
struct std::hash<zcrew::Uuid> {
  std::size_t operator()(const zcrew::Uuid& uuid) const noexcept {
    std::size_t value = 0;  // the bytes are random already
    for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8U | uuid.bytes[i];
    return value;
  }
};
