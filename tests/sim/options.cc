#include "options.h"

namespace zcrew::sim {
namespace {

constexpr std::uint64_t options_stream = 0x6F7074696F6E73;  // its own sequence of choices

std::string ms(const char* name, Duration duration) {
  return std::string(" ") + name + "=" + std::to_string(duration.count() / 1000) + "ms";
}

std::string number(const char* name, std::uint64_t value) {
  return std::string(" ") + name + "=" + std::to_string(value);
}

}  // namespace

Options draw_options(std::uint64_t seed) {
  Chance chance(seed ^ options_stream);
  const auto sometimes = [&chance](Duration least, Duration most) {
    return chance.percent(60) ? chance.between(least, most) : Duration{0};
  };
  using std::chrono::seconds;
  Options o;
  o.core.seed = seed;
  o.clients = 1 + static_cast<unsigned>(chance.below(3));
  o.workers = 1 + static_cast<unsigned>(chance.below(4));
  o.guide_workers = chance.percent(40) ? 1 + static_cast<unsigned>(chance.below(2)) : 0;
  o.guide_clients = chance.percent(40) ? 1 + static_cast<unsigned>(chance.below(2)) : 0;
  o.submit_every = chance.between(Milliseconds{5}, Milliseconds{200});
  o.job_time = chance.between(Milliseconds{0}, Milliseconds{300});
  o.commit_time = chance.percent(20) ? Duration{Milliseconds{300}}
                                     : chance.between(Duration{100}, Milliseconds{10});
  o.read_time = chance.percent(20) ? Duration{Milliseconds{200}}
                                   : chance.between(Duration{100}, Milliseconds{10});
  o.latency = chance.between(Duration{50}, Milliseconds{20});
  o.router_crash_every = sometimes(seconds{3}, seconds{20});
  o.program_kill_every = sometimes(seconds{1}, seconds{10});
  o.disconnect_every = sometimes(Milliseconds{500}, seconds{10});
  o.freeze_every = sometimes(seconds{2}, seconds{10});
  o.router_stall_every = sometimes(seconds{5}, seconds{20});
  o.nonsense_every = sometimes(Milliseconds{100}, seconds{2});
  o.command_every = sometimes(Milliseconds{500}, seconds{5});
  o.disk_full_every = sometimes(seconds{5}, seconds{20});
  const auto share = [&chance](std::uint64_t most) {
    return chance.percent(60) ? static_cast<unsigned>(chance.below(most + 1)) : 0U;
  };
  o.failed_percent = share(30);
  o.rejected_percent = share(5);
  o.released_percent = share(15);
  o.large_percent = share(20);
  o.result_percent = share(100);
  o.delay_percent = share(30);
  o.expires_percent = share(10);
  o.limit_percent = share(20);
  if (chance.percent(50)) o.core.ready_bytes = 3000 + chance.below(20000);
  if (chance.percent(30)) o.core.window_jobs = 8 + static_cast<std::uint32_t>(chance.below(40));
  if (chance.percent(30)) o.core.window_bytes = 10000 + chance.below(50000);
  if (chance.percent(50)) o.core.prefetch_max = static_cast<std::uint32_t>(chance.below(8));
  if (chance.percent(50)) o.core.age_step = chance.between(Duration{0}, seconds{2});
  o.core.guide_lease = chance.between(seconds{1}, seconds{5});
  return o;
}

std::string to_text(const Options& o) {
  return number("clients", o.clients) + number("workers", o.workers) +
         number("guide_workers", o.guide_workers) + number("guide_clients", o.guide_clients) +
         ms("submit_every", o.submit_every) + ms("job_time", o.job_time) +
         ms("commit_time", o.commit_time) + ms("read_time", o.read_time) +
         ms("latency", o.latency) + ms("crash", o.router_crash_every) +
         ms("kill", o.program_kill_every) + ms("disconnect", o.disconnect_every) +
         ms("freeze", o.freeze_every) + ms("stall", o.router_stall_every) +
         ms("nonsense", o.nonsense_every) + ms("command", o.command_every) +
         ms("disk_full", o.disk_full_every) + number("failed", o.failed_percent) +
         number("rejected", o.rejected_percent) + number("released", o.released_percent) +
         number("large", o.large_percent) + number("result", o.result_percent) +
         number("delay", o.delay_percent) + number("expires", o.expires_percent) +
         number("limit", o.limit_percent) + number("ready_bytes", o.core.ready_bytes) +
         number("window_jobs", o.core.window_jobs) + number("window_bytes", o.core.window_bytes) +
         number("prefetch", o.core.prefetch_max) + ms("age_step", o.core.age_step) +
         ms("guide_lease", o.core.guide_lease);
}

}  // namespace zcrew::sim
