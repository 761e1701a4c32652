// What a benchmark is asked to do. Pure data.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace zcrew::tool::bench {

enum class Service : std::uint8_t { fixed, exponential, mixed };

struct Plan {
  std::uint64_t jobs = 1000000;
  std::uint64_t backlog = 0;  // jobs waiting before the workers start, and kept waiting
  unsigned producers = 1;
  unsigned workers = 1;
  unsigned idle_workers = 0;  // connected beside these, without jobs
  std::uint64_t payload_bytes = 100;
  std::uint64_t in_flight = 16384;  // jobs not both confirmed and done, of all producers
  std::uint64_t pack = 64;          // jobs per submit call
  double rate = 0;                  // jobs a second of all producers; 0 = closed loop
  unsigned queues = 1;              // jobs go round them

  unsigned concurrency = 1;
  std::chrono::nanoseconds service{0};  // a job's mean time at a worker
  Service spread = Service::fixed;
  std::vector<double> speeds;          // of the workers, taken in turn; empty = 1
  std::vector<unsigned> weights;       // likewise
  std::string policy;                  // of the queues; empty = as they are
  std::chrono::milliseconds delay{0};  // of the jobs
  bool reject = false;                 // workers make dead letters of them

  std::string clients;  // a given router's endpoints; empty = an own one
  std::string backend;
  std::string directory;                      // for the own router's journal
  std::chrono::milliseconds patience{30000};  // without any progress, until giving up
  bool limits = false;
  std::string owners;  // a file for which worker ran which job

  [[nodiscard]] std::uint64_t all_jobs() const { return jobs + backlog; }
  [[nodiscard]] bool own_router() const { return clients.empty(); }
  // Of one producer: its jobs are numbered from first_job(producer) to before that of the next.
  [[nodiscard]] std::uint64_t first_job(unsigned producer) const {
    return all_jobs() * producer / producers;
  }
  [[nodiscard]] std::uint64_t own_in_flight() const {
    return in_flight / producers > 0 ? in_flight / producers : 1;
  }
  // Of a closed loop: a call of more jobs than may be in flight would never be made.
  [[nodiscard]] std::uint64_t own_pack() const { return std::min(pack, own_in_flight()); }
  // Whether a worker looks at the clock when it begins the job. Quick jobs of a closed loop wait
  // for each other, so about a thousand of those in flight say how long; to look for each took a
  // fifteenth of what all processes together do for such a job. And the last ones, for the end.
  [[nodiscard]] bool is_timed(std::uint64_t job) const {
    const std::uint64_t every = std::max<std::uint64_t>(in_flight / 1024, 1);
    return rate > 0 || service.count() > 0 || job % every == 0 || job + every >= all_jobs();
  }
  [[nodiscard]] double speed(unsigned worker) const {
    return speeds.empty() ? 1.0 : speeds[worker % speeds.size()];
  }
  [[nodiscard]] unsigned weight(unsigned worker) const {
    return weights.empty() ? 1 : weights[worker % weights.size()];
  }
  [[nodiscard]] std::string queue(std::uint64_t job) const {
    return queues == 1 ? "bench" : "bench-" + std::to_string(job % queues);
  }
};

}  // namespace zcrew::tool::bench
