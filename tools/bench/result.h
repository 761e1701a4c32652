// What a benchmark found. Pure data.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bench/histogram.h"
#include "bench/lmdb_alone.h"
#include "bench/pass_through.h"
#include "bench/usage.h"

namespace zcrew::tool::bench {

struct Times {  // in µs
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
};

inline Times times_of(const Histogram& histogram) {
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1000; };
  return {us(histogram.at(0.5)), us(histogram.at(0.9)), us(histogram.at(0.99)),
          us(histogram.at(0.999)), us(histogram.most())};
}

struct Limits {
  std::optional<PassThrough> pass_through;  // if there are workers
  Times pass_through_us;
  LmdbAlone lmdb;
  Times commit_us;
  Times sync_us;
};

struct Result {
  std::uint64_t jobs = 0;  // confirmed, or done if there are workers
  double seconds = 0;
  double jobs_per_s = 0;
  // All service times, divided by the speed of all workers: nobody can be done sooner.
  std::optional<double> ideal_seconds;
  // With a backlog: while it gathered, and while it went.
  std::optional<double> fill_per_s;
  std::optional<double> drain_per_s;
  Times confirm_us;
  Times end_to_end_us;

  // Of an own router only.
  std::optional<double> router_cpu_s_per_million;
  std::optional<Memory> memory;          // the most there was
  std::optional<Memory> memory_at_rest;  // before the first job

  std::uint64_t journal_bytes = 0;
  std::uint64_t commits = 0;
  std::uint64_t written = 0;  // jobs that were written to disk
  double journaled_fraction = 0;

  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  std::vector<std::uint64_t> done_by;  // each worker
  std::optional<Limits> limits;
};

}  // namespace zcrew::tool::bench
