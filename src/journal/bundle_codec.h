// Bytes of bundles: jobs of a queue and priority that came together and wait at once, many to a
// record, so that a page is written, read and removed for dozens of them. Pure. docs/journal.md
// section 3 has the layout.
//
// Reading is total, as in record_codec.h. A bundle's views point into the record it was read from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "journal/layout.h"
#include "journal/record_codec.h"

namespace zcrew::journal {

// What all jobs of a bundle share, and what theirs is counted from.
struct BundleHead {
  JobId first;
  core::JobHeader header;
  std::uint64_t lifetime_ms = 0;  // from when a job is accepted until it expires; 0 = never
};

struct BundleEntry {
  std::uint16_t sequence = 0;
  std::uint16_t accepted_ms = 0;
  std::uint16_t batch = 0;  // this and …
  std::uint16_t index = 0;  // … this only with a result mode
  std::string_view payload;
  bool dropped = false;
};

// A bundle as it stands in `bundles`.
class Bundle {
 public:
  // Takes the place of what was read before; after a fault this is no bundle.
  std::optional<Fault> read(std::string_view key, std::string_view record);
  // The same of a record that verify() has found right.
  std::optional<Fault> read_verified(std::string_view key, std::string_view record);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] JobId id(std::size_t at) const;
  [[nodiscard]] JobView job(std::size_t at) const;

  // Where the first job above this sequence is; size() if there is none.
  [[nodiscard]] std::size_t above(Sequence sequence) const;
  // Where the job is, unless it was dropped or never there. Looks first where it may be.
  [[nodiscard]] std::optional<std::size_t> find(Sequence sequence, std::size_t maybe = 0) const;

  // Leaves a job out of what write() writes. A job is dropped once.
  void drop(std::size_t at);
  [[nodiscard]] std::size_t left() const { return left_; }
  [[nodiscard]] std::size_t record_bytes() const { return record_bytes_; }
  void write(std::string_view key, char* record) const;

 private:
  BundleHead head_;
  std::vector<BundleEntry> entries_;
  std::size_t left_ = 0;
  std::size_t record_bytes_ = 0;
};

// A bundle that is being made of new jobs, which must outlive it.
class BundleDraft {
 public:
  // Whether a job can be in any bundle.
  static bool suits(const core::PutJob& put);

  // Adds a job that suits; false if it must be in another bundle than those that are here.
  bool add(const core::PutJob& put);
  void clear() { puts_.clear(); }

  [[nodiscard]] const std::vector<const core::PutJob*>& puts() const { return puts_; }
  [[nodiscard]] const JobId& first() const { return puts_.front()->id; }
  [[nodiscard]] const JobId& last() const { return puts_.back()->id; }
  [[nodiscard]] std::size_t record_bytes() const { return record_bytes_; }
  void write(std::string_view key, char* record) const;

 private:
  [[nodiscard]] bool accords(const core::PutJob& put) const;

  BundleHead head_;
  std::vector<const core::PutJob*> puts_;
  std::size_t record_bytes_ = 0;
};

}  // namespace zcrew::journal
