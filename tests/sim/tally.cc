#include "tally.h"

#include <cstdio>
#include <ctime>

#include "print.h"

namespace zcrew::sim {
namespace {

using Long = unsigned long long;

// Of this process, so that what else the machine does makes no difference.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

void Tally::add(const World& world) {
  ++seeds_;
  jobs_ += world.jobs();
  events_ += world.recorder().lines();
  simulated_ += world.simulated();
  slept_ += world.slept();
  const Counts& counts = world.router().counts();
  counts_.steps += counts.steps;
  counts_.commits += counts.commits;
  counts_.starts += counts.starts;
  for (std::size_t i = 0; i < counts.notes.size(); ++i) counts_.notes.at(i) += counts.notes.at(i);
  for (std::size_t i = 0; i < fault_kinds; ++i) faults_.at(i) += world.faults().at(i);
}

// One name and number a line, so that scripts/sim can add them up.
void Tally::print() const {
  const auto say = [](std::string_view kind, std::string_view name, Long value) {
    std::printf("%.*s%.*s %llu\n", static_cast<int>(kind.size()), kind.data(),
                static_cast<int>(name.size()), name.data(), value);
  };
  say("", "seeds", seeds_);
  say("", "judged", judged_);
  const auto seconds = [](Duration time) { return static_cast<double>(time.count()) / 1e6; };
  std::printf("simulated_s %.1f\ndays_s %.1f\ncpu_s %.2f\n", seconds(simulated_),
              seconds(simulated_ - slept_), cpu_seconds());
  say("", "jobs", jobs_);
  say("", "router_steps", counts_.steps);
  say("", "history_lines", events_);
  say("", "commits", counts_.commits);
  say("", "router_starts", counts_.starts);
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    say("fault.", name_of(static_cast<Fault>(i)), faults_.at(i));
  }
  for (std::size_t i = 0; i < counts_.notes.size(); ++i) {
    say("note.", scenarios::to_text(static_cast<core::NoteKind>(i)), counts_.notes.at(i));
  }
}

bool Tally::has_every_note() const {
  bool all = true;
  for (std::size_t i = 0; i < counts_.notes.size(); ++i) {
    if (counts_.notes.at(i) != 0) continue;
    const std::string_view name = scenarios::to_text(static_cast<core::NoteKind>(i));
    std::printf("no seed brought about %.*s\n", static_cast<int>(name.size()), name.data());
    all = false;
  }
  return all;
}

}  // namespace zcrew::sim
