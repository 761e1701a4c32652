// What the contract tests share: a directory that goes away, the two journals behind one face, and
// an author of batches whose totals are always right.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/memory_journal.h"
#include "lmdb/lmdb_journal.h"

namespace zcrew::test {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  // A path in it that does not exist yet.
  [[nodiscard]] std::string journal() const { return path_ + "/journal"; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Reserves nothing and always has room: for tests that are not about space.
lmdb::DiskCalls endless_disk();

// Both open at once; reopen() is what a restart of the process would see.
struct InMemory {
  InMemory() { recovered = journal->open(); }
  void reopen() {
    journal = std::make_unique<journal::MemoryJournal>(journal->state());
    recovered = journal->open();
  }
  std::unique_ptr<journal::MemoryJournal> journal = std::make_unique<journal::MemoryJournal>();
  core::Recovered recovered;
};

struct OnDisk {
  OnDisk() { reopen(); }
  void reopen() {
    journal.reset();
    lmdb::LmdbOptions options{directory.journal()};
    options.disk = endless_disk();
    journal = std::make_unique<lmdb::LmdbJournal>(options);
    recovered = journal->open();
  }
  TemporaryDirectory directory;
  std::unique_ptr<lmdb::LmdbJournal> journal;
  core::Recovered recovered;
};

// Jobs whose neighbours have other settings, so that none is in a bundle with another.
std::vector<core::Record> apart(const std::vector<core::PutJob>& jobs);

Uuid uuid_of(std::uint8_t byte);
Payload bytes_of(std::size_t size, char letter = 'x');
core::PutJob job_of(const JobId& id, std::size_t payload_bytes = 10);
core::PutResult result_of(const JobId& id, std::uint64_t expires_ms, std::size_t bytes = 10);

struct Step {
  std::vector<core::Record> records;
  core::Totals totals;
};

// Makes batches as a core would: numbers its records and keeps counts and counters that fit them,
// so that what is written passes the check. Queue 1 … 3 exist from the first batch on.
class Author {
 public:
  // Goes on after `last` in a journal that holds nothing of which this author does not know.
  explicit Author(core::JournalSequence last = 0) : last_(last) {}

  Step step(std::vector<core::Record> records);
  journal::Batch batch(std::vector<core::Record> records);  // of one step

  [[nodiscard]] core::JournalSequence last() const { return last_; }
  [[nodiscard]] const core::Counters& counters() const { return counters_; }
  void set_sessions(std::vector<core::PutSession> sessions) { sessions_ = std::move(sessions); }

 private:
  void account(const core::Record& record);
  std::uint64_t& place_count(core::QueueCounts& counts, core::Place place);

  struct Job {
    core::Place place = core::Place::none;
    std::uint64_t bytes = 0;
  };
  void move(const JobId& id, core::Place to);

  core::JournalSequence last_ = 0;
  bool began_ = false;
  core::Counters counters_;
  std::map<QueueNumber, core::QueueCounts> counts_;
  std::map<JobId, Job> jobs_;
  std::vector<core::PutSession> sessions_;
};

}  // namespace zcrew::test
