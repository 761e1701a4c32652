// What one commit writes. Pure data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "core/record.h"
#include "core/recovered.h"

namespace zcrew::journal {

// Calls visitor(change) for one of Batch::changes.
template <typename Visitor>
void visit_change(const core::Record& record, Visitor& visitor) {
  std::visit(
      [&]<typename T>(const T& change) {
        constexpr bool has_own_list =
            std::is_same_v<T, core::PutJobs> || std::is_same_v<T, core::RemoveJobs>;
        ZCREW_CHECK(!has_own_list);
        if constexpr (!has_own_list) visitor(change);
      },
      record);
}

// Carried out list by list: no other record of a job comes before its put or behind its removal. So
// the order among puts and among removals does not matter; changes are in that of their numbers.
// Nearly all records are those two, which in lists of their own take no room for what the others
// need.
struct Batch {
  std::vector<core::PutJob> puts;
  std::vector<core::Record> changes;  // neither of those
  std::vector<core::RemoveJob> removals;
  core::JournalSequence last = 0;  // number of the newest record it stands for, cancelled ones too
  core::Totals totals;
  std::uint64_t bytes = 0;  // payload and record bytes, for the space estimate

  [[nodiscard]] std::size_t size() const { return puts.size() + changes.size() + removals.size(); }

  void add(core::Record record) {
    if (const auto* run = std::get_if<core::PutJobs>(&record)) {
      for (std::size_t i = 0; i < run->count(); ++i) puts.push_back(run->job(i));
    } else if (const auto* ends = std::get_if<core::RemoveJobs>(&record)) {
      for (std::uint32_t i = 0; i < ends->count; ++i) removals.push_back(ends->job(i));
    } else {
      changes.push_back(std::move(record));
    }
  }

  template <typename Visitor>
  void visit(Visitor& visitor) const {
    for (const core::PutJob& put : puts) visitor(put);
    for (const core::Record& change : changes) visit_change(change, visitor);
    for (const core::RemoveJob& removal : removals) visitor(removal);
  }
};

}  // namespace zcrew::journal
