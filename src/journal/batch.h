// What one commit writes. Pure data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "core/record.h"
#include "core/recovered.h"

namespace zcrew::journal {

// Carried out list by list: no other record of a job comes before its put or behind its removal. So
// the order among puts and among removals does not matter; changes are in that of their numbers.
// Nearly all records are those two, which in lists of their own take no room for what the others
// need.
struct Batch {
  std::vector<core::PutJob> puts;
  std::vector<core::Record> changes;
  std::vector<core::RemoveJob> removals;
  core::JournalSequence last = 0;  // number of the newest record it stands for, cancelled ones too
  core::Totals totals;
  std::uint64_t bytes = 0;  // payload and record bytes, for the space estimate

  [[nodiscard]] std::size_t size() const { return puts.size() + changes.size() + removals.size(); }

  void add(core::Record record) {
    if (auto* put = std::get_if<core::PutJob>(&record)) {
      puts.push_back(std::move(*put));
    } else if (const auto* removal = std::get_if<core::RemoveJob>(&record)) {
      removals.push_back(*removal);
    } else {
      changes.push_back(std::move(record));
    }
  }

  template <typename Visitor>
  void visit(Visitor& visitor) const {
    for (const core::PutJob& put : puts) visitor(put);
    for (const core::Record& change : changes) std::visit(visitor, change);
    for (const core::RemoveJob& removal : removals) visitor(removal);
  }
};

}  // namespace zcrew::journal
