// What a writer said to the disk and to its producers, in order; and what a disk may hold when the
// power fails in between.
//
// The disk of this model: sectors of 512 bytes are written whole or not at all; whatever was not
// flushed may be there or not, sector by sector and in any order; what was flushed is there. A file
// may be as long as any write made it, with zeros where nothing arrived. A name is there for sure
// once its directory was flushed.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "disk_tap.h"

namespace zcrew::test {

struct Event {
  enum class Kind : std::uint8_t { write, resize, sync, names, issued, confirmed };
  Kind kind = Kind::write;
  JournalFile file = JournalFile::data;
  bool through = false;      // a write that is on the disk when the call returns
  std::uint64_t number = 0;  // offset, length or step
  std::string bytes;
};

class Recording : public DiskListener {
 public:
  void wrote(JournalFile file, std::uint64_t offset, std::string_view bytes, bool through) override;
  void resized(JournalFile file, std::uint64_t bytes) override;
  void synced(JournalFile file) override;
  void names_synced() override;
  void issued(std::uint64_t step);
  void confirmed(std::uint64_t step);

  // Once nothing is written any more.
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }

 private:
  void add(Event event);

  std::mutex mutex_;
  std::vector<Event> events_;
};

// The files as they may be after the power came back; nothing: its name is not there.
using CrashedDisk = std::array<std::optional<std::string>, journal_files>;

class DiskModel {
 public:
  // The event has begun (`finished` false: its bytes may arrive) or its call has returned.
  void apply(const Event& event, bool finished);

  // Something that the disk may hold now. Nothing was left to chance if settled().
  [[nodiscard]] CrashedDisk crash(std::mt19937_64& random) const;
  [[nodiscard]] bool settled() const;

 private:
  struct Change {
    bool resize = false;
    std::uint64_t number = 0;
    std::string bytes;
  };
  struct File {
    bool exists = false;
    std::string durable;
    std::vector<Change> pending;
  };
  static void change(std::string& bytes, const Change& change);
  static std::vector<Change> cut(const std::vector<Change>& pending);
  static std::string crash(const File& file, std::mt19937_64& random);

  std::array<File, journal_files> files_;
  bool names_durable_ = false;
};

}  // namespace zcrew::test
