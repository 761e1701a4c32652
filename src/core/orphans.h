// Jobs that were out before the start and of which the journal knows where: long-running ones, and
// those of Guide workers. They are held for their workers until these report, a lease ends, or the
// wait is over. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "core/context.h"
#include "core/deferred.h"
#include "core/job_book.h"
#include "core/recovery.h"

namespace zcrew::core {

// Counts a Guide worker's reply that is not for a current attempt.
void drop_late_reply(Context& context, const std::string& worker, const JobId& job);

class Orphans {
 public:
  Orphans(Context& context, JobBook& book, Recovery& recovery, Deferred& deferred)
      : context_(context), book_(book), recovery_(recovery), deferred_(deferred) {}

  // Asks for the jobs; until they are here, nothing from before the start may be handed out.
  void begin(const Recovered& recovered);
  // True if the answer was for us.
  bool on_loaded(const JobsLoaded& loaded);
  [[nodiscard]] bool loading() const { return request_ != 0; }
  void begin_step() { told_.clear(); }  // views into the last step's replies end
  // Whether the journal knows this attempt as a Guide worker's, out since before the start.
  [[nodiscard]] bool at_guide(const Token& token) const;
  // Keeps the reply to such an attempt while its job is being read: the first message of a worker
  // that was busy over the restart. False if it came too late for that, twice, or memory is short.
  bool keep_reply(const Token& token, const std::string& worker, std::string_view body);
  // Whether the journal knows of a newer hand-out of its job, which is what counts.
  [[nodiscard]] bool outdoes(const Token& token) const;

  // Leases of Guide workers that ended. On the calendar, since they began before this process.
  void tick();
  // The wait for workers is over: what nobody claimed counts a crash of its missing worker.
  void give_up_missing();

 private:
  struct Reply {
    std::string worker;
    std::string body;
  };

  [[nodiscard]] Job* unclaimed(const JobId& id) const;
  void settle_early(const JobId& id);

  Context& context_;
  JobBook& book_;
  Recovery& recovery_;
  Deferred& deferred_;
  std::map<JobId, PutHeld> rows_;
  std::map<JobId, Reply> early_;  // only while loading
  std::size_t early_bytes_ = 0;
  std::deque<Reply> told_;  // in this step, which sends views of them
  std::uint64_t request_ = 0;
};

}  // namespace zcrew::core
