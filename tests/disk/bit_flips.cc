// Damages copies of a sound journal, a bit or a cut at a time, and looks at each in child
// processes: the check finds the damage or it is harmless, and whoever uses the journal gets right
// data, or the word that it is damaged, or an end by the signals that the router turns into that
// word. Wrong data is never served.
//
//   bit_flips [--flips N] [--seed S] [--one I] [--metas]
//
// Every page is also tried as the end of the file. --one repeats flip number I alone and says what
// it did; --metas flips each bit of the pages that LMDB begins with. Exit: 0, or 1 with the first
// failures. bit_flips_planted is the same with checksums ignored, and exits with 0 if it did fail.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>

#include "arguments.h"
#include "base/plant.h"
#include "lmdb/check.h"
#include "lmdb/inside.h"
#include "lmdb/page_layout.h"
#include "writer.h"

using namespace zcrew;
using namespace zcrew::test;

namespace {

constexpr std::uint64_t steps = 120;
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t header_bytes = 96;  // a page's header and first pointers
constexpr unsigned patience_s = 10;

lmdb::LmdbOptions options_for(const std::string& directory) {
  lmdb::LmdbOptions options{directory};
  options.disk = endless_disk();
  return options;
}

std::string content(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

// ---- what a child found ----

enum class End : std::uint8_t { right, wrong, damaged, signal, failed, hung };
constexpr std::array<const char*, 6> end_names{"right data",       "WRONG DATA", "damage reported",
                                               "a signal in LMDB", "FAILED",     "HUNG"};

struct Finding {
  End end = End::right;
  std::string words;
};

struct Note {
  End end;
  std::array<char, 1000> words;
};

constexpr int inside_exit = 65;

// As in the tool: what LMDB meets in its pages is damage, what we do ourselves is a bug.
void meet_signal(int number) {
  if (lmdb::Inside::here()) ::_exit(inside_exit);
  ::signal(number, SIG_DFL);
  ::raise(number);
}

// Runs `look` in a child, because damaged pages may end it by a signal.
Finding in_child(const std::function<Finding()>& look) {
  static Note& note = *static_cast<Note*>(
      ::mmap(nullptr, sizeof(Note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const pid_t child = ::fork();
  if (child == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDERR_FILENO);  // an assertion of LMDB speaks there
    ::alarm(patience_s);
    for (const int number : {SIGBUS, SIGSEGV, SIGABRT}) ::signal(number, meet_signal);
    const Finding found = look();
    note.end = found.end;
    const std::size_t size = std::min(found.words.size(), note.words.size() - 1);
    std::memcpy(note.words.data(), found.words.data(), size);
    note.words[size] = 0;
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) {
    if (WEXITSTATUS(status) == inside_exit) return {End::signal, ""};
    return {note.end, note.words.data()};
  }
  const int number = WTERMSIG(status);
  if (number == SIGALRM) return {End::hung, ""};
  return {End::failed, ::strsignal(number)};
}

Finding guarded(const std::function<std::string()>& act) {
  using journal::OpenFailure;
  try {
    const std::string wrong = act();
    return {wrong.empty() ? End::right : End::wrong, wrong};
  } catch (const journal::OpenError& error) {
    return {error.why() == OpenFailure::corrupt ? End::damaged : End::failed, error.what()};
  } catch (const journal::Damaged& error) {
    return {End::damaged, error.what()};
  } catch (const std::exception& error) {
    return {End::failed, error.what()};
  }
}

// ---- the journal that is damaged ----

struct Sound {
  explicit Sound(std::uint64_t seed) : expected(Workload(seed)) {
    const TemporaryDirectory directory;
    {
      lmdb::LmdbJournal journal(options_for(directory.journal()));
      journal.open();
      Writer writer(journal, Workload(seed), {[](auto) {}, [](auto) {}});
      if (const auto failure = writer.run(steps)) throw std::runtime_error(failure->text);
    }
    bytes = content(directory.journal() + "/data.mdb");
    contents = expected.after(steps);
  }

  Expected expected;
  std::string bytes;
  Contents contents;
};

constexpr std::size_t removals_per_commit = 30;

// All jobs leave, as through a worker: the writer's way through the damaged pages.
std::string drain(lmdb::LmdbJournal& journal, const core::Recovered& recovered) {
  std::vector<core::Record> removals;
  const auto remove = [&](const JobId& id, core::Place place, WallTime due) {
    removals.emplace_back(core::RemoveJob{id, place, due, 0});
  };
  for (QueueNumber queue = 1; queue <= 3; ++queue)
    for (Priority priority = 0; priority < 10; ++priority)
      for (const auto& job : journal.read_ready({queue, priority, 0, 0, UINT32_MAX, SIZE_MAX}).jobs)
        remove(job.id, core::Place::ready, {});
  for (const auto& job : journal.read_later({{}, {}, from_ms(1U << 30U), UINT32_MAX}).jobs)
    remove(job.id, core::Place::later, job.due);
  for (const auto& letter : journal.read_dead(0, {}, UINT32_MAX).letters)
    remove(letter.id, core::Place::dead, {});
  for (const JobId& id : recovered.results) removals.emplace_back(core::RemoveResult{id, 0});

  journal::Batch batch;
  batch.totals.counters = recovered.counters;
  for (core::Record& record : removals) {
    ++batch.last;
    batch.add(std::move(record));
    if (batch.size() < removals_per_commit) continue;
    journal.commit(batch);
    batch.removals.clear();
    batch.changes.clear();
  }
  journal.commit(batch);
  for (const auto& [name, text] : contents_of(journal, recovered))
    if (name.rfind("job ", 0) == 0 || name.rfind("dead ", 0) == 0)
      return name + " is still there after its removal";
  return {};
}

struct Looked {
  Finding check;
  Finding use;
};

Looked look(const std::string& path, const Sound& sound) {
  Looked looked;
  looked.check = in_child([&] {
    return guarded([&]() -> std::string {
      const lmdb::CheckReport report = lmdb::check_journal(path);
      if (!report.ok) throw journal::Damaged(report.problems.front());
      return {};
    });
  });
  looked.use = in_child([&] {
    return guarded([&] {
      lmdb::LmdbJournal journal(options_for(path));
      const core::Recovered recovered = journal.open();
      std::string wrong = difference(contents_of(journal, recovered), sound.contents);
      return wrong.empty() ? drain(journal, recovered) : wrong;
    });
  });
  return looked;
}

// What no one may ever see; empty if all is well.
std::string objection(const Looked& looked) {
  const bool found = looked.check.end != End::right;
  if (looked.check.end == End::failed || looked.check.end == End::hung)
    return fmt::format("the check: {} {}", end_names[static_cast<std::size_t>(looked.check.end)],
                       looked.check.words);
  if (looked.use.end == End::wrong || looked.use.end == End::failed || looked.use.end == End::hung)
    return fmt::format("{} {} (the check {} it: {})",
                       end_names[static_cast<std::size_t>(looked.use.end)], looked.use.words,
                       found ? "finds" : "DOES NOT FIND", looked.check.words);
  if (looked.use.end != End::right && !found)
    return fmt::format("the check does not find what the use meets: {}", looked.use.words);
  return {};
}

class Damage {
 public:
  Damage(std::uint64_t seed, const Sound& sound) : seed_(seed), sound_(sound) {
    ::mkdir(directory_.journal().c_str(), 0700);
  }

  // Half of the flips are anywhere, the others where a page says what is in it.
  void flip(std::uint64_t number, bool verbose) {
    std::mt19937_64 random(seed_ + number);
    std::size_t at = random() % sound_.bytes.size();
    if (random() % 2 == 0) at = at / page_bytes * page_bytes + random() % header_bytes;
    flip_bit(fmt::format("flip {}", number), at, random() % 8, verbose);
  }

  void flip_bit(const std::string& what, std::size_t at, std::size_t bit, bool verbose) {
    std::string bytes = sound_.bytes;
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << bit));
    examine(bytes,
            fmt::format("{} (bit {} of byte {} of page {}, {})", what, bit, at % page_bytes,
                        at / page_bytes, kind_of(at / page_bytes)),
            verbose);
  }

  void cut(std::size_t bytes) {
    examine(sound_.bytes.substr(0, bytes), fmt::format("cut to {} bytes", bytes), false);
  }

  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] std::string tally() const {
    std::string text;
    for (std::size_t i = 0; i < uses_.size(); ++i)
      if (uses_[i] != 0)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", uses_[i], end_names[i]);
    return text + fmt::format("; the check found {}", found_);
  }

 private:
  [[nodiscard]] const char* kind_of(std::size_t page) const {
    const auto flags =
        lmdb::number_at<std::uint16_t>(sound_.bytes, page * page_bytes + lmdb::page_flags);
    if ((flags & lmdb::branch_page) != 0) return "a branch";
    if ((flags & lmdb::leaf_page) != 0) return "a leaf";
    return page < 2 ? "a meta page" : "neither leaf nor branch";
  }

  void examine(const std::string& bytes, const std::string& what, bool verbose) {
    const std::string path = directory_.journal();
    ::unlink((path + "/data.mdb").c_str());
    std::ofstream(path + "/data.mdb", std::ios::binary) << bytes;
    std::ofstream(path + "/lock", std::ios::binary) << "zcrew journal\nprocess 1\n";
    const Looked looked = look(path, sound_);
    ++uses_[static_cast<std::size_t>(looked.use.end)];
    if (looked.check.end != End::right) ++found_;
    const std::string wrong = objection(looked);
    if (verbose)
      fmt::print("{}\n  check: {} {}\n  use: {} {}\n", what,
                 end_names[static_cast<std::size_t>(looked.check.end)], looked.check.words,
                 end_names[static_cast<std::size_t>(looked.use.end)], looked.use.words);
    if (wrong.empty()) return;
    if (++failures_ <= 40) fmt::print("seed {}, {}: {}\n", seed_, what, wrong);
  }

  std::uint64_t seed_;
  const Sound& sound_;
  TemporaryDirectory directory_;
  std::array<std::uint64_t, end_names.size()> uses_{};
  std::uint64_t found_ = 0;
  std::uint64_t failures_ = 0;
};

// Each bit of the two pages that LMDB begins with, but one: a last commit whose number is two too
// small cannot be told from one that failed (src/lmdb/meta_pages.h).
std::uint64_t flip_metas(const Sound& sound, Damage& flipped, std::uint64_t seed) {
  std::array<std::uint64_t, 2> commits{};
  for (std::size_t page = 0; page < 2; ++page)
    commits[page] =
        lmdb::number_at<std::uint64_t>(sound.bytes, page * page_bytes + lmdb::meta_commit);
  for (std::size_t page = 0; page < 2; ++page) {
    const bool last = commits[page] > commits[1 - page];
    for (std::size_t bit = 0; bit < lmdb::meta_end * 8; ++bit) {
      if (last && bit == lmdb::meta_commit * 8 + 1 && (commits[page] & 2U) != 0) continue;
      flipped.flip_bit("meta page", page * page_bytes + bit / 8, bit % 8, false);
    }
  }
  fmt::print("each bit of the meta pages, seed {}: {}\n", seed, flipped.tally());
  return flipped.failures();
}

// How often what must never happen did.
std::uint64_t run(const Arguments& arguments) {
  const std::uint64_t flips = arguments.number("--flips", 300);
  const std::uint64_t seed = arguments.number("--seed", std::random_device{}());
  const Sound sound(seed);
  Damage flipped(seed, sound);
  if (arguments.has("--one")) {
    flipped.flip(arguments.number("--one", 0), true);
    return flipped.failures();
  }
  if (arguments.has("--metas")) return flip_metas(sound, flipped, seed);
  for (std::uint64_t number = 0; number < flips; ++number) flipped.flip(number, false);
  fmt::print("bit flips: {} in a journal of {} pages, seed {}: {}\n", flips,
             sound.bytes.size() / page_bytes, seed, flipped.tally());
  Damage cut(seed, sound);
  std::uint64_t cuts = 0;
  const std::size_t pages = sound.bytes.size() / page_bytes;
  const std::size_t stride = flips < pages ? pages / flips + 1 : 1;
  std::mt19937_64 random(seed);
  for (std::size_t page = 0; page < pages; page += stride, cuts += 2) {
    cut.cut(page * page_bytes);
    cut.cut(page * page_bytes + 1 + random() % (page_bytes - 1));
  }
  fmt::print("cuts: {}: {}\n", cuts, cut.tally());
  return flipped.failures() + cut.failures();
}

}  // namespace

int main(int argc, char** argv) {
#ifdef ZCREW_PLANT
  planted_bug = Bug::ignored_checksum;
  constexpr bool shall_fail = true;
#else
  constexpr bool shall_fail = false;
#endif
  try {
    return (run(Arguments(argc, argv)) > 0) == shall_fail ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bit_flips: {}\n", error.what());
    return 1;
  }
}
