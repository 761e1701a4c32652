// What programs that use zcrew as a library share: jobs, outcomes, ends, ids.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace zcrew {

inline constexpr const char* default_frontend = "tcp://127.0.0.1:5555";
inline constexpr const char* default_backend = "tcp://127.0.0.1:5556";

// How a job is to be handled. Times of 0 and attempts of 0 mean the queue's setting.
struct Job {
  std::string payload;            // opaque bytes
  std::string queue = "default";  // 1 … 128 bytes of letters, digits, '.', '_', '-'
  unsigned priority = 5;          // 0 (most urgent) … 9
  std::chrono::milliseconds delay{0};
  unsigned attempts = 0;
  std::chrono::milliseconds backoff{0};
  std::chrono::milliseconds time_limit{0};  // 0 = an attempt may run for ever
  std::chrono::milliseconds expires{0};     // do not start later than this after acceptance
  bool wants_result = false;                // the result comes back to this client
};

// How a job ended.
enum class JobEnd : std::uint8_t { done, dead, cancelled, expired, unknown };
const char* to_text(JobEnd end);

// What a worker's handler makes of an attempt.
enum class JobOutcome : std::uint8_t { done, failed, rejected, released };

}  // namespace zcrew
