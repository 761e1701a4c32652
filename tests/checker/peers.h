// What producers and workers saw: it holds whatever the router believed.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "history.h"
#include "moves.h"
#include "reach.h"
#include "verdict.h"

namespace checker {

class Peers {
 public:
  Peers(const Reach& reach, Wishes& wishes, Verdict& verdict, Memory& memory)
      : reach_(reach),
        wishes_(wishes),
        verdict_(verdict),
        labels_(&memory),
        runs_(&memory),
        names_(&memory),
        settled_(&memory),
        sent_(&memory) {}

  bool take(const Line& line);
  void check_end(const Moves& moves, bool rest);

 private:
  struct Label {
    std::string_view job;  // as confirmed
    Micros confirmed_at = 0;
    std::uint64_t confirmed_in = 0;  // life of the router
    bool told = false;               // its end
    std::uint64_t expired_in = 0;    // the router's life in which it was told expired
    bool refused = false;
    bool done = false;     // a worker did it
    bool on_disk = false;  // in the end
    bool removed = false;
  };
  struct Run {
    std::string_view label;
    std::string_view token;
    std::string_view who;
    Micros at = 0;
    bool guide = false;
    bool open = true;       // no outcome that gives it back
    unsigned redrives = 0;  // wishes since it began, and those that the one before did not need
  };

  void take_submit(const Line& line);
  void take_confirm(const Line& line, Label& label);
  void take_result(const Line& line, Label& label);
  void take_run(const Line& line);
  void take_outcome(const Line& line);
  void take_settled(const Line& line);
  void take_person(const Line& line);
  void take_has(const Line& line);
  void check_rerun(const Line& line, const Run& before);
  Label* label_of(std::string_view job);

  std::uint64_t epoch_ = 0;  // of the router that lives
  const Reach& reach_;
  Wishes& wishes_;
  Verdict& verdict_;
  ByName<Label> labels_;
  ByName<Run> runs_;                  // by job
  ByName<std::string_view> names_;    // job → label
  ByName<std::string_view> settled_;  // token → who
  ByName<Micros> sent_;               // by token
  // Jobs said to be done before anybody heard whose they are: by a liar that guessed the token of
  // one on its way to it.
  std::set<std::string_view> done_unread_;
};

}  // namespace checker
