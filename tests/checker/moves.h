// The router's own moves, as it made them: a second, naive journal and job table, which knows what
// was committed, forgets the rest when the router dies, and wants a reason for every move.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "history.h"
#include "order.h"
#include "reach.h"
#include "verdict.h"

namespace checker {

// A producer's wish, as far as it limits what the router may do.
struct Wish {
  std::int64_t attempts = 0;  // 0 = not known
  Micros delay = 0;
  Micros expires = 0;  // 0 = never
  Micros limit = 0;    // of an attempt's time; 0 = none
  bool memory = false;
};
using Wishes = ByName<Wish>;

class Moves {
 public:
  Moves(const Reach& reach, const Wishes& wishes, Verdict& verdict, Memory& memory)
      : reach_(reach),
        wishes_(wishes),
        verdict_(verdict),
        jobs_(&memory),
        order_(reach, verdict, memory) {}

  // False if the line tells of something else.
  bool take(const Line& line);
  void check_end(bool rest);

  // Whether there were any.
  [[nodiscard]] bool seen() const { return seen_; }
  // A job that was accepted as `job` has ended, or is where it can end later.
  [[nodiscard]] bool knows(std::string_view job) const;
  [[nodiscard]] bool has_ended(std::string_view job) const;

 private:
  enum class Place : std::uint8_t { nowhere, ready, later, dead };
  enum class Cause : std::uint8_t { none, done, failed, rejected, released };

  // What a record says, and so what a crash takes back.
  struct Stored {
    Place place = Place::nowhere;
    std::int64_t failures = 0;
    std::int64_t crashes = 0;
    std::int64_t due = 0;  // ms of the calendar
  };
  // A hand-out that is not the last one, and of whose end the journal may not know yet.
  struct Attempt {
    std::string_view token;
    std::string_view holder;
    std::int64_t session = 0;
    bool guide = false;
    Micros out_at = 0;
    std::int64_t closed = 0;  // the record that ends it, in this life; 0: none yet
    bool current = false;     // a crash took back what ended it, and nothing has ended it since
  };
  struct Job {
    std::string_view name;
    std::string_view label;
    Stored stored;
    bool put_committed = false;
    std::int64_t taken_ms = 0;  // of the calendar
    Wish wish;

    // Facts that no crash undoes.
    std::string_view token;  // of the last hand-out
    std::string_view holder;
    std::int64_t session = 0;              // of the holder, if it has several
    std::set<std::string_view> announced;  // hand-outs that the journal knows, not made
    bool guide = false;
    Micros out_at = 0;
    bool out = false;              // nothing was heard of it since
    std::vector<Attempt> earlier;  // hand-outs that a crash can make the current one again
    std::int64_t was_due = 0;      // the latest time for which it was due, ms of the calendar
    Cause cause = Cause::none;     // a rightful outcome that no record has followed yet
    std::int64_t effect = 0;       // the record that followed it, in this life
    std::int64_t closed = 0;       // the record that ended the attempt, in this life
    bool completed = false;        // done was accepted
    bool ended_otherwise = false;
    bool confirmed = false;
    bool settled = false;
    Micros redriven_at = -1;  // for the last time
    bool redrive = false;     // a person wants it
    bool remove = false;
  };
  struct Undo {
    std::int64_t number = 0;
    Job* job = nullptr;
    Stored before;
    bool is_put = false;
    bool is_end = false;
  };

  void take_out(const Line& line);
  void take_got(const Line& line);
  void take_announces(const Line& line, Job& job);
  void take_put(const Line& line, Place place);
  void take_retry(const Line& line, Job& job);
  void take_due(const Line& line, Job& job);
  void take_dead(const Line& line, Job& job);
  void take_redriven(const Line& line, Job& job);
  void take_gone(const Line& line, Job& job);
  void take_counts(const Line& line, Job& job);
  void take_confirms(Job& job);
  void take_settles(const Line& line);
  void take_status(const Line& line);
  void take_clock(const Line& line);
  void take_commit(const Line& line);
  void take_has(const Line& line);
  bool take_record(const Line& line);
  void router_died();
  void note_all_waiting();

  Job* find(std::string_view name);
  void record(const Line& line, Job& job, bool is_put, bool is_end);
  [[nodiscard]] static bool is_announced(const Line& line, const Job& job);
  static void follow(const Line& line, Job& job);
  static void close(Job& job, std::int64_t number);
  static void close(Job& job, std::int64_t number, const Token& last);
  static void keep(Job& job, bool current);
  static bool bring_back(Job& job, std::string_view token, std::string_view who,
                         std::int64_t session);
  static void go_back_to(Job& job, std::string_view token);
  [[nodiscard]] static bool has_newer(const Job& job);
  void note_waiting(const Job& job);
  void reopen(Job& job) const;
  [[nodiscard]] bool lost_trust(const Job& job, Micros now) const;
  void check_run(const Line& line, const Job& job, const Token& token);
  [[nodiscard]] std::int64_t calendar(Micros at) const { return at / 1000 + ahead_ms_; }
  void violated(std::string_view rule, const Job& job, std::string_view what);

  const Reach& reach_;
  const Wishes& wishes_;
  Verdict& verdict_;
  bool seen_ = false;
  ByName<Job> jobs_;
  Order order_;              // of those that wait for sure
  bool recovering_ = false;  // ready jobs that are only on disk wait
  std::vector<Undo> undo_;   // of what is not committed, oldest first
  std::int64_t committed_ = 0;
  std::int64_t ahead_ms_ = 0;
  bool has_dump_ = false;
  std::set<std::string_view> dumped_;
};

}  // namespace checker
