// Which faults a run has, how often, and how small the router's bounds are: all drawn from the
// seed, so that every seed is a different kind of bad day.
#pragma once

#include <string>

#include "core/config.h"
#include "schedule.h"

namespace zcrew::sim {

// Means of waiting times; zero = never.
struct Options {
  core::Config core;
  unsigned clients = 2;
  unsigned workers = 3;
  unsigned guide_workers = 0;
  unsigned guide_clients = 0;
  Duration length = std::chrono::seconds{40};
  Duration submit_every = Milliseconds{50};
  Duration job_time = Milliseconds{20};
  Duration commit_time = Milliseconds{2};
  Duration read_time = Milliseconds{2};
  Duration latency = Milliseconds{1};
  Duration router_crash_every{};
  Duration program_kill_every{};
  Duration disconnect_every{};
  Duration freeze_every{};
  Duration router_stall_every{};
  Duration nonsense_every{};
  Duration command_every{};
  Duration disk_full_every{};
  unsigned failed_percent = 0;
  unsigned rejected_percent = 0;
  unsigned released_percent = 0;
  unsigned large_percent = 0;  // payloads above the inline limit
  unsigned result_percent = 50;
  unsigned delay_percent = 0;
  unsigned expires_percent = 0;
  unsigned limit_percent = 0;  // jobs with a time limit that some runs exceed
};

Options draw_options(std::uint64_t seed);
std::string to_text(const Options& options);

}  // namespace zcrew::sim
