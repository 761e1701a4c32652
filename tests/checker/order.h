// Which waiting job is next (promise 7): none is passed over by others of its queue that were taken
// in later and are no more urgent, again and again for longer than it takes to bring a job from
// disk and to send it.
#pragma once

#include <compare>
#include <map>
#include <string_view>

#include "history.h"
#include "reach.h"
#include "verdict.h"

namespace checker {

class Order {
 public:
  Order(const Reach& reach, Verdict& verdict, Memory& memory)
      : reach_(reach), verdict_(verdict), waiting_(&memory) {}

  // From now on anybody may get the job.
  void waits(std::string_view job);
  void leaves(std::string_view job);
  // Somebody gets it now.
  void goes(std::string_view job, Micros now);
  void clear() { waiting_.clear(); }
  // Waiting makes a job more urgent by the calendar: from here on one that was taken in later may
  // have waited for longer. Within its priority it stays behind.
  void calendar_stepped_back() { only_own_priority_ = true; }

 private:
  struct Place {
    std::uint64_t queue = 0;
    std::uint64_t priority = 0;
    std::uint64_t sequence = 0;
    auto operator<=>(const Place&) const = default;
  };
  struct Waiting {
    std::string_view job;
    Micros passed_since = -1;  // again and again
    Micros passed_at = -1;     // for the last time
  };

  static Place place_of(std::string_view job);
  // False once it was passed over for too long.
  bool pass(Waiting& waiting, std::string_view by, Micros now);

  const Reach& reach_;
  Verdict& verdict_;
  std::pmr::map<Place, Waiting> waiting_;
  bool only_own_priority_ = false;
};

}  // namespace checker
