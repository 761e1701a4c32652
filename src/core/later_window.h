// Delayed jobs and jobs that wait for a retry, by due time: the nearest ones in memory, the rest on
// disk (design D4). Pure.
#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "core/gap.h"
#include "core/job.h"

namespace zcrew::core {

struct LaterKey {
  WallTime due{};
  JobId id;
  auto operator<=>(const LaterKey&) const = default;
};

class LaterWindow {
 public:
  // `number` is the record that put the job among the delayed ones. Returns the job that must leave
  // memory for it, which may be the job itself; null if there is room.
  Job* put(Job& job, JournalSequence number, bool has_room) {
    const LaterKey key{job.due, job.id};
    if (gap_.contains(key)) {
      gap_.arrived(key, number);
      return &job;
    }
    jobs_.emplace(key, &job);
    return has_room ? nullptr : drop_last(number);
  }

  // The next job in memory that is due.
  [[nodiscard]] Job* due(WallTime now) const {
    if (jobs_.empty() || now < jobs_.begin()->first.due) return nullptr;
    return jobs_.begin()->second;
  }
  [[nodiscard]] std::optional<WallTime> next_due() const {
    if (jobs_.empty()) return std::nullopt;
    return jobs_.begin()->first.due;
  }

  [[nodiscard]] Job* find(const LaterKey& key) const {
    const auto at = jobs_.find(key);
    return at == jobs_.end() ? nullptr : at->second;
  }

  void take(const Job& job) { jobs_.erase({job.due, job.id}); }
  void page_in(Job& job) { jobs_.emplace(LaterKey{job.due, job.id}, &job); }

  [[nodiscard]] std::size_t in_memory() const { return jobs_.size(); }
  [[nodiscard]] Gap<LaterKey>& gap() { return gap_; }
  [[nodiscard]] const Gap<LaterKey>& gap() const { return gap_; }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [key, job] : jobs_) visit(*job);
  }

 private:
  // The farthest job goes, so that the gap lies behind everything in memory.
  Job* drop_last(JournalSequence last_record) {
    const auto last = std::prev(jobs_.end());
    Job* job = last->second;
    const LaterKey key = last->first;
    jobs_.erase(last);
    const LaterKey before = jobs_.empty() ? LaterKey{} : std::prev(jobs_.end())->first;
    if (!gap_.open() || before < gap_.begin()) gap_.open_behind(before, last_record);
    gap_.arrived(key, job->last_record);
    return job;
  }

  std::map<LaterKey, Job*> jobs_;  // all before the gap
  Gap<LaterKey> gap_;
};

}  // namespace zcrew::core
