#include "options.h"

namespace zcrew::sim {
namespace {

constexpr std::uint64_t options_stream = 0x6F7074696F6E73;  // its own sequence of choices

using std::chrono::seconds;

// Mean times between two of a kind, in a run that has it.
struct Pace {
  Fault fault;
  Duration least;
  Duration most;
};
constexpr Pace paces[] = {
    {Fault::router_crash, seconds{3}, seconds{20}},  {Fault::router_stall, seconds{5}, seconds{20}},
    {Fault::commit_fails, seconds{5}, seconds{30}},  {Fault::disk_full, seconds{5}, seconds{20}},
    {Fault::kill, seconds{1}, seconds{10}},          {Fault::cut, Milliseconds{500}, seconds{10}},
    {Fault::freeze, seconds{2}, seconds{10}},        {Fault::block, seconds{2}, seconds{10}},
    {Fault::clock_jump, seconds{2}, seconds{20}},    {Fault::terminate, seconds{2}, seconds{20}},
    {Fault::command, Milliseconds{500}, seconds{5}},
};

void draw_faults(Chance& chance, Options& o) {
  for (const Pace& pace : paces) {
    if (!chance.percent(50)) continue;
    o.fault_every.at(static_cast<std::size_t>(pace.fault)) = chance.between(pace.least, pace.most);
  }
  o.half_open_percent = chance.percent(50) ? chance.small(60) : 0;
  o.calendar_max = std::chrono::minutes{20};
  o.liars = chance.percent(30) ? 1 + chance.small(2) : 0;
}

void draw_peers(Chance& chance, Options& o) {
  o.clients = 1 + chance.small(3);
  o.workers = 1 + chance.small(4);
  o.guide_workers = chance.percent(30) ? 1 + chance.small(2) : 0;
  o.guide_clients = chance.percent(30) ? 1 + chance.small(2) : 0;
  // Most days are quiet, so that there are many faults to a job; some are busy.
  o.submit_every = chance.one_in(4) ? chance.between(Milliseconds{50}, Milliseconds{500})
                                    : chance.between(Milliseconds{500}, seconds{6});
  o.job_time = chance.between(Milliseconds{0}, Milliseconds{chance.percent(20) ? 3000 : 300});
  o.commit_time = chance.percent(20) ? Duration{Milliseconds{300}}
                                     : chance.between(Duration{100}, Milliseconds{10});
  o.read_time = chance.percent(20) ? Duration{Milliseconds{200}}
                                   : chance.between(Duration{100}, Milliseconds{10});
  o.latency = chance.between(Duration{50}, Milliseconds{20});
  // Lines thin enough that a huge payload takes longer than the patience with a silent peer.
  if (chance.one_in(30)) {
    o.huge_one_in = 20;
    o.core.payload_bytes_max = std::size_t{4} << 20U;
    o.bytes_per_s = 1100000 + chance.below(1000000);
    o.submit_every = seconds{2};
  }
}

void draw_jobs(Chance& chance, Options& o) {
  const auto share = [&chance](std::uint64_t most) {
    return chance.percent(60) ? chance.small(most + 1) : 0U;
  };
  o.failed_percent = share(30);
  o.rejected_percent = share(5);
  o.released_percent = share(15);
  o.hang_one_in = chance.percent(20) ? 10 + chance.small(50) : 0;
  o.large_percent = share(20);
  o.result_percent = share(100);
  o.delay_percent = share(30);
  o.expires_percent = share(10);
  o.limit_percent = share(20);
}

void draw_bounds(Chance& chance, core::Config& core) {
  if (chance.percent(50)) core.ready_bytes = 3000 + chance.below(20000);
  if (chance.percent(30)) core.window_jobs = 8 + chance.small(40);
  if (chance.percent(30)) core.window_bytes = 10000 + chance.below(50000);
  if (chance.percent(50)) core.prefetch_max = chance.small(8);
  if (chance.percent(50)) core.age_step = chance.between({}, seconds{2});
  core.guide_lease = chance.between(seconds{1}, seconds{5});
}

std::string ms(const char* name, Duration duration) {
  return std::string(" ") + name + "=" + std::to_string(duration.count() / 1000) + "ms";
}

std::string number(const char* name, std::uint64_t value) {
  return std::string(" ") + name + "=" + std::to_string(value);
}

}  // namespace

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::router_crash:
      return "router_crash";
    case Fault::router_stall:
      return "router_stall";
    case Fault::commit_fails:
      return "commit_fails";
    case Fault::disk_full:
      return "disk_full";
    case Fault::kill:
      return "kill";
    case Fault::cut:
      return "cut";
    case Fault::freeze:
      return "freeze";
    case Fault::block:
      return "block";
    case Fault::clock_jump:
      return "clock_jump";
    case Fault::terminate:
      return "terminate";
    case Fault::command:
    case Fault::count_:
      break;
  }
  return "command";
}

Options draw_options(std::uint64_t seed) {
  Chance chance(seed ^ options_stream);
  Options o;
  o.core.seed = seed;
  o.length = seconds{60};
  draw_peers(chance, o);
  draw_faults(chance, o);
  draw_jobs(chance, o);
  draw_bounds(chance, o.core);
  o.sleeps_a_week = chance.one_in(200);
  if (chance.one_in(2)) o.hold = chance.between({}, Milliseconds{500});
  // A loop that is busy, or waits for its processor.
  if (!chance.one_in(4)) {
    o.turn_time = chance.between(Duration{1}, Milliseconds{chance.one_in(2) ? 20 : 2});
  }
  return o;
}

Options calm_options(std::uint64_t seed) {
  Options o;
  o.core.seed = seed;
  o.core.ready_bytes = 3000;
  o.clients = 1;
  o.workers = 2;
  o.length = seconds{3};
  o.submit_every = Milliseconds{50};
  o.failed_percent = 20;
  o.rejected_percent = 5;
  o.large_percent = 60;
  o.delay_percent = 20;
  o.check_one_in = 10;
  return o;
}

std::string to_text(const Options& o) {
  std::string text =
      number("clients", o.clients) + number("workers", o.workers) +
      number("guide_workers", o.guide_workers) + number("guide_clients", o.guide_clients) +
      number("liars", o.liars) + ms("submit_every", o.submit_every) + ms("job_time", o.job_time) +
      ms("commit_time", o.commit_time) + ms("hold", o.hold) + ms("read_time", o.read_time) +
      ms("turn_time", o.turn_time) + ms("latency", o.latency) +
      number("bytes_per_s", o.bytes_per_s) + number("half_open", o.half_open_percent) +
      number("failed", o.failed_percent) + number("rejected", o.rejected_percent) +
      number("released", o.released_percent) + number("hang_one_in", o.hang_one_in) +
      number("large", o.large_percent) + number("result", o.result_percent) +
      number("delay", o.delay_percent) + number("expires", o.expires_percent) +
      number("limit", o.limit_percent) + number("ready_bytes", o.core.ready_bytes) +
      number("window_jobs", o.core.window_jobs) + number("window_bytes", o.core.window_bytes) +
      number("prefetch", o.core.prefetch_max) + ms("age_step", o.core.age_step) +
      ms("guide_lease", o.core.guide_lease);
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    const Duration every = o.fault_every.at(i);
    if (every.count() == 0) continue;
    text += ms((std::string(name_of(static_cast<Fault>(i))) + "_every").c_str(), every);
  }
  return text;
}

}  // namespace zcrew::sim
