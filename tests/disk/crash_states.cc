// Writes journals, and opens each as the power may have left it at any moment: with writes lost,
// reordered and torn. The journal must then hold all that was confirmed by that moment, in whole
// steps, and pass the check.
//
//   crash_states [--states N] [--seed S] [--ignore-sync]
//
// --ignore-sync is the control: on a disk that does not flush, confirmed steps must get lost, or
// else this test is none. Exit: 0, or 1 with the first failures and their seeds.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <unordered_set>

#include "arguments.h"
#include "lmdb/check.h"
#include "recording.h"
#include "writer.h"

using namespace zcrew;
using namespace zcrew::test;

namespace {

constexpr std::uint64_t steps_per_recording = 150;
constexpr unsigned crashes_per_event = 8;
constexpr unsigned crashes_per_event_of_making = 60;  // until the first step
constexpr std::uint64_t failures_shown = 10;

lmdb::LmdbOptions options_for(const std::string& directory) {
  lmdb::LmdbOptions options{directory};
  options.disk = endless_disk();  // blocks reserved ahead are not what this is about
  return options;
}

void record(std::uint64_t seed, Recording& recording) {
  const TemporaryDirectory directory;
  listen_to_disk(&recording);
  {
    lmdb::LmdbJournal journal(options_for(directory.journal()));
    journal.open();
    Writer writer(journal, Workload(seed),
                  {[&](std::uint64_t step) { recording.issued(step); },
                   [&](std::uint64_t step) { recording.confirmed(step); }});
    if (const auto failure = writer.run(steps_per_recording))
      throw std::runtime_error(failure->text);
  }
  listen_to_disk(nullptr);
}

struct Tally {
  std::uint64_t states = 0;
  std::uint64_t confirmed = 0;  // steps, of all recordings
  std::uint64_t failures = 0;
};

class Enumeration {
 public:
  Enumeration(std::uint64_t seed, std::uint64_t states, bool control, Tally& tally)
      : seed_(seed),
        wanted_(states),
        control_(control),
        tally_(tally),
        random_(seed),
        expected_(Workload(seed)) {}

  void run(const Recording& recording) {
    for (const Event& event : recording.events()) {
      if (event.kind == Event::Kind::issued) issued_ = event.number;
      if (event.kind == Event::Kind::confirmed) {
        tally_.confirmed += event.number - confirmed_;
        confirmed_ = event.number;
      }
      for (const bool finished : {false, true}) {
        model_.apply(event, finished);
        crash_some();
        if (tally_.states >= wanted_) return;
      }
    }
  }

 private:
  void crash_some() {
    const unsigned many = issued_ == 0 ? crashes_per_event_of_making : crashes_per_event;
    const unsigned crashes = model_.settled() ? 1 : many;
    for (unsigned i = 0; i < crashes && tally_.states < wanted_; ++i) {
      const CrashedDisk disk = model_.crash(random_);
      if (!is_new(disk)) continue;
      ++tally_.states;
      const std::string wrong = control_ ? examine_apart(disk) : examine(disk);
      if (wrong.empty()) continue;
      if (++tally_.failures <= failures_shown)
        fmt::print("seed {}, state {}: {}\n", seed_, tally_.states, wrong);
    }
  }

  // The same bytes with the same promises were looked at before.
  bool is_new(const CrashedDisk& disk) {
    std::uint64_t hash = confirmed_;
    for (const auto& file : disk)
      hash = file ? XXH3_64bits_withSeed(file->data(), file->size(), hash) : hash + 1;
    return seen_.insert(hash).second;
  }

  // A disk that does not flush leaves files in which LMDB itself meets memory faults.
  std::string examine_apart(const CrashedDisk& disk) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(examine(disk).empty() ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return WEXITSTATUS(status) == 0 ? std::string() : "wrong";
  }

  // What is wrong with it, or nothing.
  std::string examine(const CrashedDisk& disk) {
    const std::string path = directory_.journal();
    ::mkdir(path.c_str(), 0700);
    ::unlink((path + "/lock.mdb").c_str());
    write(path + "/data.mdb", disk[static_cast<std::size_t>(JournalFile::data)]);
    write(path + "/lock", disk[static_cast<std::size_t>(JournalFile::lock)]);
    try {
      lmdb::LmdbJournal journal(options_for(path));
      const core::Recovered recovered = journal.open();
      const std::uint64_t steps = steps_of(recovered);
      if (steps < confirmed_)
        return fmt::format("step {} was confirmed, {} is there", confirmed_, steps);
      if (steps > issued_) return fmt::format("step {} is there, {} was issued", steps, issued_);
      const std::string wrong = difference(contents_of(journal, recovered), contents_after(steps));
      if (!wrong.empty()) return wrong;
      journal.gauges();  // walks the list of free pages
    } catch (const std::exception& error) {
      return error.what();
    }
    const lmdb::CheckReport report = lmdb::check_journal(path);
    return report.ok ? std::string() : report.problems.front();
  }

  static void write(const std::string& path, const std::optional<std::string>& bytes) {
    ::unlink(path.c_str());
    if (bytes) std::ofstream(path, std::ios::binary) << *bytes;
  }

  // A batch may be on the disk before it is confirmed, so that both its steps and those before it
  // are asked for in turns.
  const Contents& contents_after(std::uint64_t steps) {
    while (computed_ < steps) {
      ++computed_;
      contents_[computed_] = expected_.after(computed_);
    }
    contents_.erase(contents_.begin(), contents_.lower_bound(confirmed_));
    return contents_.at(steps);
  }

  std::uint64_t seed_;
  std::uint64_t wanted_;
  bool control_;
  Tally& tally_;
  std::mt19937_64 random_;
  TemporaryDirectory directory_;
  DiskModel model_;
  std::uint64_t issued_ = 0;
  std::uint64_t confirmed_ = 0;
  Expected expected_;
  std::map<std::uint64_t, Contents> contents_{{0, expected_.after(0)}};
  std::uint64_t computed_ = 0;  // the last step in contents_
  std::unordered_set<std::uint64_t> seen_;
};

int run(const Arguments& arguments) {
  const std::uint64_t states = arguments.number("--states", 3000);
  const std::uint64_t first = arguments.number("--seed", std::random_device{}());
  const bool control = arguments.has("--ignore-sync");
  if (control) swallow_syncs();
  Tally tally;
  std::uint64_t seed = first;
  for (; tally.states < states; ++seed) {
    Recording recording;
    record(seed, recording);
    Enumeration(seed, states, control, tally).run(recording);
  }
  fmt::print(
      "{} {} states of {} recordings from seed {} on, {} steps confirmed: {} lost or wrong\n",
      control ? "control, without sync:" : "crash states:", tally.states, seed - first, first,
      tally.confirmed, tally.failures);
  // Without a flush nearly every state must lose what was confirmed.
  return control ? (tally.failures > tally.states / 2 ? 0 : 1) : (tally.failures == 0 ? 0 : 1);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(Arguments(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crash_states: %s\n", error.what());
    return 1;
  }
}
