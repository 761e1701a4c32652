// A journal with one of everything, to be damaged, and what is said of the damage.
#pragma once

#include <doctest/doctest.h>

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
    journal.commit(author.batch({job_of(waiting, 50), later, job_of(dead, 50), death,
                                 job_of(large, 10000), result_of(ended, 777, 9000),
                                 core::PutHeld{{waiting, 1, 1}, uuid_of(1), {}, {}, 1},
                                 core::PutInstance{uuid_of(1), "w1", from_ms(1)}}));
  }
  lmdb::CheckReport check() const { return lmdb::check_journal(path); }
  RawFile raw() const { return RawFile(path); }

  TemporaryDirectory directory;
  std::string path = directory.journal();
};

inline bool reports(const lmdb::CheckReport& report, const std::string& part) {
  for (const std::string& problem : report.problems)
    if (problem.find(part) != std::string::npos) return true;
  for (const std::string& problem : report.problems) MESSAGE(problem);
  return false;
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
