// Plants one bug after the other into the router's core and counts in how many seeds the simulation
// and its checker notice.
//
//   sim_planted [--seeds N] [--bug NAME] [--first]   --first: only up to the seed that finds it
//
// Prints a table; exit 1 if a bug is not caught, or if a seed fails without one.
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "base/plant.h"
#include "checker.h"
#include "violation.h"
#include "world.h"

namespace {

using namespace zcrew;

// A bug may make the router spin. A seed takes hundredths of a second, with sanitizers tenths.
constexpr time_t seed_limit_s = 5;

struct Arguments {
  std::uint64_t seeds = 200;
  std::string bug;
  bool first = false;
};

// In a process of its own: what it says last is why.
[[noreturn]] void run_seed(Bug bug, std::uint64_t seed, int output) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  const itimerval limit{{}, {seed_limit_s, 0}};
  ::setitimer(ITIMER_VIRTUAL, &limit, nullptr);
  planted_bug = bug;
  sim::World world(seed, sim::draw_options(seed), {false, true});
  world.run();
  const auto violations = checker::judge(world.recorder().text());
  if (violations.empty()) std::_Exit(0);
  std::printf("%s", std::string(violations.front().rule).c_str());
  std::fflush(stdout);
  std::_Exit(1);
}

// Why the seed failed; empty if it did not.
std::string fails(Bug bug, std::uint64_t seed) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) run_seed(bug, seed, ends[1]);
  ::close(ends[1]);
  std::string said;
  std::array<char, 512> buffer{};
  for (ssize_t size = 0; (size = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    said.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status == 0) return {};
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM) return "never ends";
  if (WIFSIGNALED(status)) return "the router's own check";
  const std::string mark = "VIOLATED: ";
  const std::size_t at = said.find(mark);
  return at == std::string::npos ? said.substr(0, 60) : "the simulator's check";
}

bool try_bug(Bug bug, const Arguments& arguments) {
  std::uint64_t seeds = 0;
  std::uint64_t caught = 0;
  std::uint64_t first = 0;
  std::map<std::string, std::uint64_t> why;
  while (seeds < arguments.seeds && !(arguments.first && caught > 0)) {
    const std::string reason = fails(bug, ++seeds);
    if (reason.empty()) continue;
    if (++caught == 1) first = seeds;
    ++why[reason];
  }
  std::string reasons;
  for (const auto& [reason, count] : why)
    reasons += " " + reason + " " + std::to_string(count) + ",";
  if (!reasons.empty()) reasons.pop_back();
  const std::string_view name = name_of(bug);
  std::printf("%-24.*s %5llu of %llu   first seed %-5llu%s\n", static_cast<int>(name.size()),
              name.data(), static_cast<unsigned long long>(caught),
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(first),
              reasons.c_str());
  std::fflush(stdout);
  return (caught > 0) == (bug != Bug::none);
}

}  // namespace

int main(int count, char** texts) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = texts[i];
    if (name == "--first") arguments.first = true;
    if (i + 1 == count) continue;
    if (name == "--seeds") arguments.seeds = std::strtoull(texts[++i], nullptr, 10);
    if (name == "--bug") arguments.bug = texts[++i];
  }
  int wrong = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Bug::count_); ++i) {
    const auto bug = static_cast<Bug>(i);
    // The simulated journal keeps records, not bytes: bit_flips_planted has that one.
    if (bug == Bug::ignored_checksum) continue;
    if (!arguments.bug.empty() && arguments.bug != name_of(bug)) continue;
    if (!try_bug(bug, arguments)) ++wrong;
  }
  std::printf("%d rows are not as they should be\n", wrong);
  return wrong == 0 ? 0 : 1;
}
