#include "router/opening.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "journal/memory_journal.h"
#include "lmdb/lmdb_journal.h"
#include "router/exposure.h"
#include "zcrew/error.h"

namespace zcrew::router {
namespace {

// What a frame may have besides one payload: a packed message's other entries, or a HELLO's tokens.
constexpr std::uint64_t frame_overhead_max = std::uint64_t{4} << 20U;

// Peers believe no longer one: an hour, as in WELCOME's field.
constexpr std::uint64_t heartbeat_ms_max = 3600000;

void check_range(std::string_view what, std::uint64_t value, std::uint64_t min, std::uint64_t max,
                 std::string_view unit) {
  if (value >= min && value <= max) return;
  throw Error(fmt::format("{} is {}{}; it must be {} to {}{}.", what, value, unit, min, max, unit),
              exit_code::configuration);
}

void check_range(std::string_view what, std::chrono::milliseconds value, std::uint64_t min,
                 std::uint64_t max = limits::delay_ms_max) {
  const auto ms = value.count() < 0 ? 0 : static_cast<std::uint64_t>(value.count());
  check_range(what, ms, min, max, " ms");
}

int exit_code_of(journal::OpenFailure why) {
  switch (why) {
    case journal::OpenFailure::locked:
      return exit_code::journal_locked;
    case journal::OpenFailure::corrupt:
      return exit_code::corrupt_journal;
    case journal::OpenFailure::newer_version:
    case journal::OpenFailure::not_a_journal:
    case journal::OpenFailure::small_disk:
      return exit_code::configuration;
    case journal::OpenFailure::io:
      break;
  }
  return exit_code::io_error;
}

// Below it not even an empty job has room: blocks come by the MiB, a quarter is kept for
// completions and a third of the rest is what jobs are promised (journal.md, J-6.2 and J-6.5).
constexpr std::uint64_t least_journal = std::uint64_t{2} << 20U;

void check_journal_limit(std::uint64_t most) {
  if (most == 0 || most >= least_journal) return;
  throw Error(
      fmt::format("A journal of at most {} bytes cannot hold a job: it needs {} at least, or "
                  "0 for no limit.",
                  most, least_journal),
      exit_code::configuration);
}

// Two sockets at one port that the system chooses are two ports.
bool is_any_port(std::string_view endpoint) {
  return endpoint.ends_with(":*") || endpoint.ends_with(":0") || endpoint == "ipc://*";
}

void check_distinct(const RouterOptions& options) {
  if (options.clients != options.workers || is_any_port(options.clients)) return;
  throw Error(fmt::format("Clients and workers have the same endpoint, {}: give each its own, with "
                          "--clients and --workers.",
                          options.clients),
              exit_code::configuration);
}

// The largest payload or result: what a small journal has room for bounds it, too.
std::uint64_t payload_bytes_max(const RouterOptions& options) {
  const bool is_limited = options.journal != ":memory:" && options.journal_max_bytes != 0;
  if (!is_limited) return options.payload_bytes_max;
  return std::min(options.payload_bytes_max,
                  lmdb::largest_job(options.journal_max_bytes) - limits::job_admission_bytes);
}

std::unique_ptr<journal::Journal> make_journal(const RouterOptions& options) {
  if (options.journal == ":memory:") return std::make_unique<journal::MemoryJournal>();
  lmdb::LmdbOptions lmdb;
  lmdb.directory = options.journal;
  lmdb.max_bytes = options.journal_max_bytes;
  lmdb.reserve_bytes = options.journal_reserve_bytes;
  lmdb.job_bytes_max = payload_bytes_max(options) + limits::job_admission_bytes;
  return std::make_unique<lmdb::LmdbJournal>(std::move(lmdb));
}

}  // namespace

std::uint64_t frame_bytes_max(const RouterOptions& options) {
  return options.payload_bytes_max + frame_overhead_max;
}

void check_options(const RouterOptions& options) {
  check_exposure(options.clients, options.insecure);
  check_exposure(options.workers, options.insecure);
  check_distinct(options);
  check_range("The largest payload", options.payload_bytes_max, 1, limits::payload_bytes_max,
              " bytes");
  check_journal_limit(options.journal_max_bytes);
  check_range("The heartbeat", options.heartbeat, 1, heartbeat_ms_max);
  check_range("The liveness", options.liveness, 1, 1000, " heartbeats");
  check_range("The lease of Guide workers", options.guide_lease, 1);
  check_range("The step of ageing", options.age_step, 0);
  check_range("The limit of draining", options.drain_limit, 0);
  if (!options.journal.empty()) return;
  throw Error("The journal has no name: give a directory, or :memory: to keep nothing.",
              exit_code::configuration);
}

core::Config core_config(const RouterOptions& options, std::uint64_t seed) {
  core::Config config;
  config.heartbeat = options.heartbeat;
  config.liveness = options.liveness;
  config.guide_lease = options.guide_lease;
  config.payload_bytes_max = payload_bytes_max(options);
  config.age_step = options.age_step;
  config.seed = seed;
  return config;
}

std::string small_journal(const RouterOptions& options) {
  const std::uint64_t most = payload_bytes_max(options);
  if (most == options.payload_bytes_max) return {};
  return fmt::format(
      "A journal of at most {} bytes takes no payload or result above {} bytes, an eighth of it: "
      "larger ones are refused. For those of {} bytes raise --journal-max to {}.",
      options.journal_max_bytes, most, options.payload_bytes_max,
      8 * (options.payload_bytes_max + limits::job_admission_bytes));
}

std::string damage_cure(const std::string& directory) {
  return fmt::format(
      "`zcrew check {}` looks at all of it; restore a copy made before, or set that "
      "directory aside and start with a new one",
      directory);
}

OpenJournal open_journal(const RouterOptions& options) {
  try {
    OpenJournal opened{make_journal(options), {}};
    opened.recovered = opened.journal->open();
    return opened;
  } catch (const journal::OpenError& error) {
    if (error.why() != journal::OpenFailure::corrupt) {
      throw Error(error.what(), exit_code_of(error.why()));
    }
    throw Error(fmt::format("The journal {} is damaged: {}. {}.", options.journal, error.what(),
                            damage_cure(options.journal)),
                exit_code::corrupt_journal);
  }
}

}  // namespace zcrew::router
