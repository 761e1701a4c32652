// The simulator: whole days of faults against the router's core, from seeds.
//
//   sim [--seeds N] [--first N]       runs N seeds (default 20) from the first on (default 1)
//   sim --seed N [--verbose]          repeats one and prints what happened
//
// Prints each seed before it runs, so that a failed check names its seed. Exit: 0 or 1.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "simulation.h"

namespace {

using namespace zcrew;

constexpr auto kinds = static_cast<std::size_t>(core::NoteKind::count_);

sim::Outcome run(std::uint64_t seed, bool verbose) {
  const sim::Options options = sim::draw_options(seed);
  std::printf("SEED=%llu%s\n", static_cast<unsigned long long>(seed),
              sim::to_text(options).c_str());
  std::fflush(stdout);
  sim::Simulation simulation(seed, options, verbose);
  const sim::Outcome outcome = simulation.run();
  std::printf("  %llu steps, %zu jobs, %zu confirmed, %u restarts, trace %016llx\n",
              static_cast<unsigned long long>(outcome.steps), outcome.jobs, outcome.confirmed,
              outcome.restarts, static_cast<unsigned long long>(outcome.trace));
  return outcome;
}

// What this world does not bring about: workers that drain, sessions silent for a week, bytes that
// are no message, an attempt's time limit (which its worker judges). The scenarios have the first
// three.
bool is_out_of_reach(std::size_t kind) {
  switch (static_cast<core::NoteKind>(kind)) {
    case core::NoteKind::worker_draining:
    case core::NoteKind::session_dropped:
    case core::NoteKind::malformed:
      return true;
    default:
      return false;
  }
}

// Every other kind of note must come up over the seeds, else the faults no longer reach that code.
int check_coverage(const std::array<std::uint64_t, kinds>& notes) {
  int missing = 0;
  for (std::size_t i = 0; i < kinds; ++i) {
    if (notes.at(i) != 0 || is_out_of_reach(i)) continue;
    std::printf("note kind %zu never came up\n", i);
    ++missing;
  }
  return missing;
}

}  // namespace

int main(int count, char** arguments) {
  std::uint64_t seeds = 20;
  std::uint64_t first = 1;
  bool one = false;
  bool verbose = false;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const auto number = [&] {
      return i + 1 < count ? std::strtoull(arguments[++i], nullptr, 10) : 0;
    };
    if (argument == "--seeds") {
      seeds = number();
    } else if (argument == "--first") {
      first = number();
    } else if (argument == "--seed") {
      first = number();
      one = true;
    } else if (argument == "--verbose") {
      verbose = true;
    } else {
      std::printf("unknown argument %s\n", argument.c_str());
      return 2;
    }
  }
  if (one) {
    run(first, verbose);
    return 0;
  }
  std::array<std::uint64_t, kinds> notes{};
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const sim::Outcome outcome = run(seed, verbose);
    for (std::size_t i = 0; i < kinds; ++i) notes.at(i) += outcome.notes.at(i);
    if (seed == first && run(seed, false).trace != outcome.trace) {
      std::printf("SEED=%llu did not repeat itself\n", static_cast<unsigned long long>(seed));
      return 1;
    }
  }
  std::printf("notes by kind:");
  for (const std::uint64_t note : notes) {
    std::printf(" %llu", static_cast<unsigned long long>(note));
  }
  std::printf("\n");
  return seeds >= 20 && check_coverage(notes) != 0 ? 1 : 0;
}
