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

// The jobs for which a worker looks at the clock when it begins them. In an open loop, or where
// jobs take their time, that is each. Quick jobs of a closed loop wait for each other, so about a
// thousand of those in flight say how long; to look for each took a fifteenth of what all processes
// together do for such a job. The step is odd, to meet all places of a message and all queues, and
// the last of each producer are there, for the end.
class Sample {
 public:
  explicit Sample(const Plan& plan)
      : step_(plan.rate > 0 || plan.service.count() > 0 ? 1 : plan.in_flight / 1024 | 1U),
        share_(std::max<std::uint64_t>(plan.all_jobs() / plan.producers, 1)) {}

  [[nodiscard]] bool has(std::uint64_t job) const {
    return job % step_ == 0 || job % share_ + step_ >= share_;
  }

 private:
  std::uint64_t step_;
  std::uint64_t share_;  // of a producer
};

}  // namespace zcrew::tool::bench
