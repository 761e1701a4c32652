// The simulator: bad days of a router, its producers and workers, from seeds. docs/testing.md tells
// what a world is made of.
//
//   sim [--seeds N] [--first N] [--judge PERCENT]   N seeds (default 20) from the first on (default
//                                                   1); of so many the checker judges the history
//   sim --seed N [--verbose] [--history FILE]       repeats one and prints what happened
//   sim --fail commit|send|read [--seed N]          a calm day on which the 1st, 2nd, 3rd … of
//   these
//                                                   fails, until one passes unharmed
//
// Exit: 0 or 1.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "checker.h"
#include "tally.h"
#include "violation.h"
#include "world.h"

namespace {

using namespace zcrew;

struct Arguments {
  std::uint64_t seeds = 20;
  std::uint64_t first = 1;
  std::uint64_t judged_percent = 100;
  bool one = false;
  bool verbose = false;
  std::string history;
  std::string fail;
};

void on_abort(int) { sim::violated("a check of the router's own failed"); }

// False if the history shows a broken promise.
bool judge(const sim::World& world) {
  const auto violations = checker::judge(world.recorder().text());
  for (std::size_t i = 0; i < violations.size() && i < 10; ++i) {
    std::printf("line %zu of the history: %s: %s\n", violations[i].line,
                std::string(violations[i].rule).c_str(), violations[i].what.c_str());
  }
  return violations.empty();
}

void run_judged(sim::World& world, const std::string& file) {
  world.run();
  if (!file.empty()) std::ofstream(file) << world.recorder().text();
  if (!judge(world)) sim::violated("the checker found a broken promise");
}

int run_one(const Arguments& arguments) {
  const sim::Options options = sim::draw_options(arguments.first);
  std::printf("SEED=%llu%s\n", static_cast<unsigned long long>(arguments.first),
              sim::to_text(options).c_str());
  sim::World world(arguments.first, options, {arguments.verbose, true});
  run_judged(world, arguments.history);
  std::printf("%llu jobs, %.1f s, trace %016llx\n", static_cast<unsigned long long>(world.jobs()),
              static_cast<double>(world.simulated().count()) / 1e6,
              static_cast<unsigned long long>(world.recorder().trace()));
  return 0;
}

int run_many(const Arguments& arguments) {
  sim::Tally tally;
  sim::set_last_words([&tally] { tally.print(); });  // of the seeds before
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    const sim::Options options = sim::draw_options(seed);
    const bool judged = sim::Chance(seed).percent(arguments.judged_percent);
    sim::World world(seed, options, {false, judged});
    world.run();
    tally.add(world);
    if (judged) {
      tally.add_judged();
      if (!judge(world)) sim::violated("the checker found a broken promise");
    }
    if (seed != arguments.first) continue;
    sim::World again(seed, options, {false, false});
    again.run();
    if (again.recorder().trace() != world.recorder().trace()) {
      sim::violated("the seed did not repeat itself");
    }
  }
  tally.print();
  return arguments.seeds >= sim::seeds_for_all_notes && !tally.has_every_note() ? 1 : 0;
}

int fail_each(const Arguments& arguments) {
  for (std::uint64_t nth = 1;; ++nth) {
    sim::World world(arguments.first, sim::calm_options(arguments.first), {false, true});
    if (arguments.fail == "commit") world.router().fail.commit = nth;
    if (arguments.fail == "send") world.router().fail.send = nth;
    if (arguments.fail == "read") world.router().fail.read = nth;
    std::printf("%s %llu fails\n", arguments.fail.c_str(), static_cast<unsigned long long>(nth));
    std::fflush(stdout);
    run_judged(world, arguments.history);
    if (world.router().has_failed()) continue;
    std::printf("%llu times failed and recovered from\n", static_cast<unsigned long long>(nth - 1));
    return nth > 1 ? 0 : 1;
  }
}

bool parse(int count, char** texts, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string name = texts[i];
    if (name == "--verbose") {
      arguments.verbose = true;
      continue;
    }
    if (++i == count) return false;
    const std::uint64_t number = std::strtoull(texts[i], nullptr, 10);
    if (name == "--seeds") {
      arguments.seeds = number;
    } else if (name == "--first") {
      arguments.first = number;
    } else if (name == "--seed") {
      arguments.first = number;
      arguments.one = true;
    } else if (name == "--judge") {
      arguments.judged_percent = number;
    } else if (name == "--history") {
      arguments.history = texts[i];
    } else if (name == "--fail") {
      arguments.fail = texts[i];
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int count, char** texts) {
  Arguments arguments;
  if (!parse(count, texts, arguments)) {
    std::fprintf(stderr,
                 "usage: sim [--seeds N] [--first N] [--judge PERCENT] | --seed N "
                 "[--verbose] [--history FILE] | --fail commit|send|read\n");
    return 2;
  }
  std::signal(SIGABRT, on_abort);
  if (!arguments.fail.empty()) return fail_each(arguments);
  return arguments.one ? run_one(arguments) : run_many(arguments);
}
