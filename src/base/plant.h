// Bugs that can be planted on purpose, to see that the tests find them (docs/testing.md, "Planted
// bugs"). Only the test program that is built for it defines ZCREW_PLANT; everywhere else planted()
// is false when compiled, and nothing of this is in the code.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace zcrew {

enum class Bug : std::uint8_t {
  none,
  confirm_before_commit,
  settle_before_commit,
  lose_last_batch,  // at recovery
  forgotten_dead_letter,
  cancel_race,       // a removal cancels a put that a commit has taken already
  ignore_attempt,    // any token of a job settles it
  foreign_outcome,   // from whoever says it
  token_again,       // hand-outs are not counted
  hand_out_twice,    // after a restart nobody is waited for
  requeue_on_pause,  // the router takes its own pause for its workers' silence
  wall_clock,        // liveness follows the calendar
  no_grace,          // after a lost connection
  double_patience,   // with a silent worker
  one_attempt_more,
  double_credit,
  page_resurrects,  // a page brings back what left since it was asked for
  end_too_early,    // of a queue on disk
  number_lost,      // a refused batch uses up its number
  expired_starts,
  early_due,
  count_drifts,
  ignored_checksum,  // of a record on disk
  least_urgent_first,
  weight_forgotten,  // the router's, of a worker that comes back
  count_
};

// Where the simulator's calendar begins, so that its clocks agree until one jumps.
constexpr std::chrono::milliseconds planted_calendar{1'700'000'000'000};

#ifdef ZCREW_PLANT

inline Bug planted_bug = Bug::none;
inline bool planted(Bug bug) { return planted_bug == bug; }

inline std::string_view name_of(Bug bug) {
  constexpr std::string_view names[] = {"none",
                                        "confirm_before_commit",
                                        "settle_before_commit",
                                        "lose_last_batch",
                                        "forgotten_dead_letter",
                                        "cancel_race",
                                        "ignore_attempt",
                                        "foreign_outcome",
                                        "token_again",
                                        "hand_out_twice",
                                        "requeue_on_pause",
                                        "wall_clock",
                                        "no_grace",
                                        "double_patience",
                                        "one_attempt_more",
                                        "double_credit",
                                        "page_resurrects",
                                        "end_too_early",
                                        "number_lost",
                                        "expired_starts",
                                        "early_due",
                                        "count_drifts",
                                        "ignored_checksum",
                                        "least_urgent_first",
                                        "weight_forgotten"};
  static_assert(sizeof names / sizeof names[0] == static_cast<std::size_t>(Bug::count_));
  return names[static_cast<std::size_t>(bug)];
}

#else

consteval bool planted(Bug /*bug*/) { return false; }

#endif

}  // namespace zcrew
