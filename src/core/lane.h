// The ready jobs of one queue and priority, oldest sequence first: a window in memory and a gap on
// disk. Pure.
//
// Invariant: every ready job of the lane is either in memory here or inside the gap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/gap.h"
#include "core/job.h"
#include "core/job_row.h"

namespace zcrew::core {

class Lane {
 public:
  // A job newer than all before waits in memory, if it may, else on disk alone by its record.
  [[nodiscard]] bool takes_newest(bool has_room) const {
    return has_room && !(gap_.open() && gap_.endless());
  }
  void append(Job& job) { fresh_.push_back(job); }
  void append_on_disk(Sequence sequence, JournalSequence number);

  // An older job is ready again (given back, due, redriven). `number` is the record that made the
  // journal say so (0 = it always said so). False: left to the disk.
  bool put_back(Job& job, JournalSequence number, bool has_room);

  // A job that was out and has its record in the lane's part of the journal goes elsewhere: from
  // now on pages must skip it. (While it is out, whoever takes in a page skips it.)
  void left(Sequence sequence);

  // The oldest job, or null: none is in memory, or an older one may be in the gap.
  [[nodiscard]] Job* front() const;
  // The oldest job in memory that is not older than `from`, whatever is in the gap.
  [[nodiscard]] Job* front_from(Sequence from) const;
  [[nodiscard]] Job* find(Sequence sequence) const;
  // The job, if it is in memory here; it leaves.
  Job* take(Sequence sequence);

  // Drops the newest jobs in memory until `keep` are left; they stay on disk. Returns them, for the
  // caller to release.
  std::vector<Job*> shrink(std::size_t keep, JournalSequence last_record);

  [[nodiscard]] std::size_t in_memory() const {
    return paged_.size() + fresh_.size() + returned_.size();
  }

  // Of these, the ones that go before anything in the gap.
  [[nodiscard]] std::size_t ahead() const { return paged_.size(); }

  [[nodiscard]] Gap<Sequence>& gap() { return gap_; }
  [[nodiscard]] const Gap<Sequence>& gap() const { return gap_; }
  void page_in(Job& job);  // called in order by the gap's page_arrived
  // The last page had all that was on disk when it was read. What comes from here on may wait in
  // memory: as long as it went to the disk too, some of it would always be too new for a page, the
  // gap would never close, and jobs that come as fast as they are done would all wait for the disk.
  void caught_up(Sequence next) {
    if (gap_.open() && gap_.endless()) gap_.bound(next);
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Job* job : paged_) visit(*job);
    for (const Job* job : fresh_) visit(*job);
    for (const auto& [sequence, job] : returned_) visit(*job);
  }

  bool hungry = false;  // listed by the job book for paging

 private:
  // Of the first in a row, null if it is empty, and one that came back.
  [[nodiscard]] static Job* older(Job* first, Job* back);
  void widen(JournalSequence last_record);
  [[nodiscard]] Sequence newest() const;

  JobRow paged_;                       // below the gap
  JobRow fresh_;                       // above the gap
  std::map<Sequence, Job*> returned_;  // anywhere, few
  Gap<Sequence> gap_;
};

}  // namespace zcrew::core
