// Cuts the power of a real ext4 while a writer commits to a journal on it, and compares what is
// there afterwards with what the writer had confirmed outside of that file system.
//
//   powercut [--cycles N] [--seed S] [--ignore-sync]
//
// --ignore-sync is the control: flushes are swallowed, and confirmed steps must get lost, or else
// this test is none. Exit: 0, 1 with what was lost, 77 with the reason if it cannot be done here.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "arguments.h"
#include "disk_tap.h"
#include "lmdb/check.h"
#include "power_disk.h"
#include "writer.h"

using namespace zcrew;
using namespace zcrew::test;

namespace {

constexpr int skipped_exit = 77;

// A journal lives through so many power losses before a new one is made.
constexpr std::uint64_t cycles_per_journal = 20;

// What the writer says, in memory that is not on the disk and outlives it.
struct Receipts {
  std::atomic<std::uint64_t> opened;
  std::atomic<std::uint64_t> issued;
  std::atomic<std::uint64_t> confirmed;
  std::atomic<std::uint64_t> failed;  // the journal said so
};

Receipts& shared_receipts() {
  void* memory =
      ::mmap(nullptr, sizeof(Receipts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no shared memory");
  return *new (memory) Receipts{};
}

[[noreturn]] void write_until_it_fails(const std::string& path, const Workload& workload,
                                       Receipts& receipts) {
  try {
    lmdb::LmdbJournal journal(lmdb::LmdbOptions{path});
    journal.open();
    receipts.opened = 1;
    Writer writer(journal, workload,
                  {[&](std::uint64_t step) { receipts.issued = step; },
                   [&](std::uint64_t step) { receipts.confirmed = step; }});
    if (writer.run(UINT32_MAX)) receipts.failed = 1;
  } catch (const std::exception&) {
    // opening met the cut
  }
  ::_exit(0);
}

using Clock = std::chrono::steady_clock;

void wait_until(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + std::chrono::minutes{1};
  while (!condition()) {
    if (Clock::now() > deadline) throw std::runtime_error("the writer hangs");
    // tidy: allow(waits) the one poll that every wait is made of
    std::this_thread::sleep_for(std::chrono::microseconds{50});
  }
}

struct Tally {
  std::uint64_t confirmed = 0;  // steps
  std::uint64_t opening = 0;    // cuts that met a journal being made or opened
  std::uint64_t lost_cycles = 0;
};

class Cycles {
 public:
  explicit Cycles(std::uint64_t seed) : random_(seed), seed_(seed), disk_(folder_.path()) {
    disk_.mount();
    begin_journal();
  }
  ~Cycles() { ::munmap(&receipts_, sizeof receipts_); }

  void run(std::uint64_t cycles, Tally& tally) {
    for (std::uint64_t cycle = 1; cycle <= cycles; ++cycle) {
      const std::uint64_t confirmed = run_and_cut();
      if (receipts_.opened == 0) ++tally.opening;
      const std::uint64_t before = steps_;
      const std::string wrong = examine(confirmed);
      tally.confirmed += confirmed - before;
      if (!wrong.empty()) {
        ++tally.lost_cycles;
        if (tally.lost_cycles <= 10) fmt::print("seed {}, cycle {}: {}\n", seed_, cycle, wrong);
      }
      if (!wrong.empty() || cycle % cycles_per_journal == 0) begin_journal();
      if (cycle % 1000 == 0) {
        fmt::print("{} cycles, {} lost or wrong\n", cycle, tally.lost_cycles);
        std::fflush(stdout);
      }
    }
  }

 private:
  std::string path() const { return disk_.path() + "/journal"; }

  void begin_journal() {
    std::filesystem::remove_all(path());
    disk_.flush();  // or else a cut would bring the old one back
    expected_ = std::make_unique<Expected>(Workload(random_()));
    steps_ = 0;
  }

  // The last step that was confirmed when the power went.
  std::uint64_t run_and_cut() {
    receipts_.opened = receipts_.failed = 0;
    receipts_.issued = receipts_.confirmed = steps_;
    expected_->after(steps_);
    expected_->restart(random_());
    const pid_t child = ::fork();
    if (child == 0) write_until_it_fails(path(), expected_->workload(), receipts_);
    // Now and then while the journal is being made or opened, else after some more commits.
    const std::uint64_t more = random_() % 8 == 0 ? 0 : 1 + random_() % 60;
    int status = 0;
    const auto ended = [&] { return ::waitpid(child, &status, WNOHANG) == child; };
    if (more > 0) {
      bool gone = false;
      wait_until([&] { return receipts_.confirmed >= steps_ + more || (gone = ended()); });
      if (gone) throw std::runtime_error("the writer ended before the power was cut");
    }
    const auto moment = Clock::now() + std::chrono::microseconds{random_() % 5000};
    wait_until([&] { return Clock::now() >= moment; });  // in the midst of a commit, or of none
    disk_.cut();
    wait_until(ended);  // it meets the error by itself
    disk_.unmount();
    disk_.mount();
    return receipts_.confirmed;
  }

  std::string examine(std::uint64_t confirmed) {
    try {
      lmdb::LmdbJournal journal(lmdb::LmdbOptions{path()});
      const core::Recovered recovered = journal.open();
      const std::uint64_t steps = steps_of(recovered);
      if (steps < confirmed)
        return fmt::format("step {} was confirmed, {} is there", confirmed, steps);
      if (steps > receipts_.issued)
        return fmt::format("step {} is there, {} was issued", steps, receipts_.issued.load());
      const std::string wrong =
          difference(contents_of(journal, recovered), expected_->after(steps));
      if (!wrong.empty()) return wrong;
      journal.gauges();  // walks the list of free pages
      steps_ = steps;
    } catch (const std::exception& error) {
      return error.what();
    }
    const lmdb::CheckReport report = lmdb::check_journal(path());
    return report.ok ? std::string() : report.problems.front();
  }

  std::mt19937_64 random_;
  std::uint64_t seed_;
  TemporaryDirectory folder_;
  PowerDisk disk_;
  Receipts& receipts_ = shared_receipts();
  std::unique_ptr<Expected> expected_;
  std::uint64_t steps_ = 0;  // in the journal, as last examined
};

int run(const Arguments& arguments) {
  if (const std::string reason = PowerDisk::missing(); !reason.empty()) {
    fmt::print("SKIPPED, no power was cut: {}\n", reason);
    return skipped_exit;
  }
  const std::uint64_t cycles = arguments.number("--cycles", 30);
  const std::uint64_t seed = arguments.number("--seed", std::random_device{}());
  const bool control = arguments.has("--ignore-sync");
  if (control) swallow_syncs();
  Tally tally;
  const auto start = Clock::now();
  Cycles(seed).run(cycles, tally);
  const std::chrono::duration<double> took = Clock::now() - start;
  fmt::print(
      "{} {} power losses from seed {} on ({} of them while a journal was made or opened), "
      "{} steps confirmed, {:.0f} s: {} lost or wrong\n",
      control ? "control, without sync:" : "powercut:", cycles, seed, tally.opening,
      tally.confirmed, took.count(), tally.lost_cycles);
  if (control) return tally.lost_cycles > cycles / 2 ? 0 : 1;
  return tally.lost_cycles == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(Arguments(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "powercut: %s\n", error.what());
    return 1;
  }
}
