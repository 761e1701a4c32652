// A journal with one of everything, to be damaged, and what is said of the damage.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "fixtures.h"
#include "journal/keys.h"
#include "lmdb/check.h"
#include "raw_file.h"

namespace zcrew::test {

inline const JobId waiting{1, 5, 1};
inline const JobId delayed{1, 5, 2};
inline const JobId dead{1, 5, 3};
inline const JobId large{2, 5, 4};
inline const JobId ended{2, 5, 5};
inline const JobId bundled{3, 5, 6};  // with …
inline const JobId bundle{3, 5, 7};   // … this one, which is its bundle's key
inline const WallTime due = from_ms(5000);

struct OpenJournal : lmdb::LmdbJournal {
  explicit OpenJournal(const std::string& path)
      : LmdbJournal({path, 0, std::uint64_t{16} << 20U, endless_disk()}) {
    open();
  }
};

// One of everything.
struct Journal {
  Journal() {
    OpenJournal journal(path);
    Author author;
    core::PutJob later = job_of(delayed, 50);
    later.due = due;
    core::MoveToDead death;
    death.id = dead;
    death.reason = "rejected";
    death.entry = core::HistoryEntry{from_ms(1), 1, "rejected", "w", "no"};
    author.set_sessions({{uuid_of(1), 1, {}, {{1, 0, 1, waiting}}}});
    journal.commit(
        author.batch({job_of(waiting, 50), later, job_of(dead, 50), death, job_of(large, 10000),
                      result_of(ended, 777, 9000), job_of(bundled, 50), job_of(bundle, 50),
                      core::PutHeld{{waiting, 1, 1}, uuid_of(1), {}, {}, 1},
                      core::PutInstance{uuid_of(1), "w1", from_ms(1)}}));
  }
  lmdb::CheckReport check() const { return lmdb::check_journal(path); }
  RawFile raw() const { return RawFile(path); }

  TemporaryDirectory directory;
  std::string path = directory.journal();
};

inline bool reports_any(const lmdb::CheckReport& report, const std::string& part) {
  return std::any_of(report.problems.begin(), report.problems.end(),
                     [&](const auto& problem) { return problem.find(part) != std::string::npos; });
}

inline bool reports(const lmdb::CheckReport& report, const std::string& part) {
  if (reports_any(report, part)) return true;
  for (const std::string& problem : report.problems) MESSAGE(problem);
  return false;
}

// Jobs of following sequences, four of which fill a bundle.
inline std::vector<core::Record> bundles_of(JobId id, std::size_t bundles) {
  std::vector<core::Record> jobs;
  for (std::size_t i = 0; i < 4 * bundles; ++i, ++id.sequence) jobs.emplace_back(job_of(id, 1000));
  return jobs;
}

// Whoever met the damage said so: a read, a commit, or the opening, for what it looks at.
template <typename Act>
bool is_damage(Act act) {
  try {
    act();
  } catch (const journal::Damaged&) {
    return true;
  } catch (const journal::OpenError& error) {
    return error.why() == journal::OpenFailure::corrupt;
  }
  return false;
}

inline std::string key(const JobId& id) { return std::string(journal::job_key(id).view()); }

}  // namespace zcrew::test
