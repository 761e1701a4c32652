// Judges one history, line by line. The lines' text must outlive the checker, which keeps views.
#pragma once

#include <string_view>
#include <vector>

#include "history.h"
#include "moves.h"
#include "peers.h"
#include "reach.h"
#include "verdict.h"

namespace checker {

class Checker {
 public:
  Checker()
      : reach_(memory_),
        wishes_(&memory_),
        moves_(reach_, wishes_, verdict_, memory_),
        peers_(reach_, wishes_, verdict_, memory_) {}
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  // Throws NotAHistory, also for what comes before `begin` or behind `end`.
  void take(const Line& line);
  [[nodiscard]] bool began() const { return began_; }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const std::vector<Violation>& violations() const { return verdict_.violations(); }

 private:
  void begin(const Line& line);

  Memory memory_;
  Verdict verdict_;
  Reach reach_;
  Wishes wishes_;
  Moves moves_;
  Peers peers_;
  Micros last_ = 0;
  bool began_ = false;
  bool ended_ = false;
};

// A whole text of one history.
std::vector<Violation> judge(std::string_view history);

}  // namespace checker
