// The core's settings with their defaults. Pure data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "base/time.h"

namespace zcrew::core {

struct Config {
  // Liveness: a peer silent for heartbeat × liveness is gone (RFC 6/PPP suggests 3 to 5 intervals).
  Duration heartbeat = std::chrono::seconds{1};
  std::uint32_t liveness = 3;
  // A worker whose connection is gone may come back within this time before its jobs go elsewhere;
  // short, because the promise is half a second from SIGKILL to another worker.
  Duration disconnect_grace = Milliseconds{250};
  // How long a Guide worker, which is silent while it works, may keep a job.
  Duration guide_lease = std::chrono::seconds{30};
  // After a restart, jobs from before it wait for their workers to report: at least this long (and
  // at least the liveness time), extended while reports keep arriving, never beyond the maximum.
  Duration resume_wait = std::chrono::seconds{3};
  Duration resume_wait_max = std::chrono::seconds{30};
  // A session or result nobody asked for is dropped after this.
  Duration session_ttl = std::chrono::hours{24 * 7};
  Duration result_ttl = std::chrono::hours{1};

  std::size_t payload_bytes_max = limits::payload_bytes_default;
  std::uint32_t window_jobs = 16384;                      // unconfirmed jobs a session may have
  std::uint64_t window_bytes = std::uint64_t{16} << 20U;  // and their payload bytes

  // Ready and delayed jobs kept in memory, in bytes, over all queues; the rest waits on disk. With
  // them, a full session's unconfirmed jobs and LMDB's lists, a router that has ten million waiting
  // takes less than 64 MiB more than an idle one (zcrew bench --workers 0 --jobs 10000000).
  std::size_t ready_bytes = std::size_t{20} << 20U;

  // A waiting job counts one priority better per this time; zero = never.
  Duration age_step = std::chrono::seconds{60};

  // Jobs sent to a worker ahead of need, at most; and the mean run time above which none are.
  std::uint32_t prefetch_max = limits::prefetch_max;
  Duration prefetch_run_max = Milliseconds{10};

  std::uint64_t seed = 1;  // of the jitter and the random policy
};

}  // namespace zcrew::core
