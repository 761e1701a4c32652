// Which faults a run has, how often, and how small the router's bounds are: all drawn from the
// seed, so that every seed is a different kind of bad day.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "core/config.h"
#include "schedule.h"

namespace zcrew::sim {

enum class Fault : std::uint8_t {
  router_crash,
  router_stall,
  commit_fails,
  disk_full,
  kill,
  cut,
  freeze,
  block,  // a partition, in one direction or both
  clock_jump,
  terminate,
  command,
  count_
};
inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(Fault::count_);
std::string_view name_of(Fault fault);

struct Options {
  core::Config core;
  unsigned clients = 2;
  unsigned workers = 3;
  unsigned guide_workers = 0;
  unsigned guide_clients = 0;
  unsigned liars = 0;
  Duration length = std::chrono::seconds{30};
  bool sleeps_a_week = false;  // in the end
  unsigned check_one_in = 50;  // steps between two walks over the router's whole state

  // Means of the times between two; zero = never.
  std::array<Duration, fault_kinds> fault_every{};
  unsigned half_open_percent = 0;  // of lost connections: one end does not hear of it
  Milliseconds calendar_max{};     // clock jumps stay within plus and minus this

  Duration submit_every = Milliseconds{500};
  Duration job_time = Milliseconds{20};
  Duration commit_time = Milliseconds{2};
  Duration hold = {};  // the longest that a batch waits for removals to cancel its puts
  Duration read_time = Milliseconds{2};
  Duration turn_time{1};  // of the router's loop, at most: what comes meanwhile waits together
  Duration latency = Milliseconds{1};
  std::uint64_t bytes_per_s = std::uint64_t{1} << 30U;
  unsigned failed_percent = 0;
  unsigned rejected_percent = 0;
  unsigned released_percent = 0;
  unsigned hang_one_in = 0;
  unsigned large_percent = 0;  // payloads above the inline limit
  unsigned huge_one_in = 0;    // … above what is announced
  unsigned result_percent = 50;
  unsigned delay_percent = 0;
  unsigned expires_percent = 0;
  unsigned limit_percent = 0;  // jobs with a time limit that some runs exceed
};

Options draw_options(std::uint64_t seed);
// A day without faults, for "fail the nth".
Options calm_options(std::uint64_t seed);
std::string to_text(const Options& options);

}  // namespace zcrew::sim
