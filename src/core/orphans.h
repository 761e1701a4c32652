// Jobs that were out before the start and of which the journal knows where: long-running ones, and
// those of Guide workers. They are held for their workers until these report, a lease ends, or the
// wait is over. Pure.
#pragma once

#include <map>
#include <string>

#include "core/context.h"
#include "core/deferred.h"
#include "core/job_book.h"
#include "core/recovery.h"

namespace zcrew::core {

class Orphans {
 public:
  Orphans(Context& context, JobBook& book, Recovery& recovery, Deferred& deferred)
      : context_(context), book_(book), recovery_(recovery), deferred_(deferred) {}

  // Asks for the jobs; until they are here, nothing from before the start may be handed out.
  void begin(const Recovered& recovered);
  // True if the answer was for us.
  bool on_loaded(const JobsLoaded& loaded);
  [[nodiscard]] bool loading() const { return request_ != 0; }
  // Whether the journal knows of a newer hand-out of its job, which is what counts.
  [[nodiscard]] bool outdoes(const Token& token) const;

  // Leases of Guide workers that ended. On the calendar, since they began before this process.
  void tick();
  // The wait for workers is over: what nobody claimed counts a crash of its missing worker.
  void give_up_missing();

 private:
  [[nodiscard]] Job* unclaimed(const JobId& id) const;

  Context& context_;
  JobBook& book_;
  Recovery& recovery_;
  Deferred& deferred_;
  std::map<JobId, PutHeld> rows_;
  std::uint64_t request_ = 0;
};

}  // namespace zcrew::core
