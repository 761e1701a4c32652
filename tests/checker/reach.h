// Who could be reached when: lives, lost connections and silences of processes, and of the router.
// From it follows whether a worker's jobs could rightly be given to another.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "history.h"
#include "verdict.h"

namespace checker {

// The router's times; the defaults are the product's.
struct Times {
  Micros grace = 250'000;       // after a lost connection
  Micros patience = 3'000'000;  // with a silent worker
  Micros heartbeat = 1'000'000;
  Micros resume = 3'000'000;  // after a restart, for workers to come back
  Micros lease = 30'000'000;  // of a Guide worker's job
  std::int64_t crash_limit = 3;
};

class Reach {
 public:
  explicit Reach(Memory& memory) : processes_(&memory) {}

  void set(const Times& times) { times_ = times; }
  [[nodiscard]] const Times& times() const { return times_; }

  // died, cut, up, mute, heard, start; false if the line is none of these.
  bool take(const Line& line);

  // How long the span is, as far as the router was awake.
  [[nodiscard]] Micros length(Micros from, Micros to) const;

  [[nodiscard]] bool is_liar(std::string_view who) const;
  // Whether something happened to `who` since it got a job, that takes the job from it.
  [[nodiscard]] bool lost_trust(std::string_view who, Micros since, Micros now) const;
  // The same for a Guide worker, which keeps nothing over a lost connection, and may keep a job no
  // longer than a lease from its sending on, or its time limit (0 = none).
  [[nodiscard]] bool lost_lease(std::string_view who, Micros sent, Micros now, Micros limit) const;

 private:
  static constexpr Micros still = std::numeric_limits<Micros>::max();
  struct Span {
    Micros from = 0;
    Micros to = still;
  };
  struct Process {
    Micros died = -1;  // last
    Micros up = -1;    // last
    bool liar = false;
    std::vector<Span> down;
    std::vector<Span> mute;
  };
  using Spans = std::vector<Span>;

  [[nodiscard]] bool is_long_down(const Span& down, Micros now) const;
  [[nodiscard]] static Micros heard_from(const Process& process, Micros from);
  static void begin(Spans& spans, Micros at);
  static void finish(Spans& spans, Micros at);

  Times times_;
  ByName<Process> processes_;
  Spans lives_;   // of the router
  Spans stalls_;  // of its process
};

}  // namespace checker
