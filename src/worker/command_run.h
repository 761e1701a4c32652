// One run of a command, from its start to its answer: feeds stdin, collects stdout and stderr, and
// keeps time. Blocks the calling thread; SIGPIPE stays blocked in it afterwards.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "worker/child.h"
#include "worker/command.h"
#include "worker/stderr_lines.h"

namespace zcrew::worker {

class CommandRun {
 public:
  CommandRun(const CommandOptions& options, const Attempt& attempt, Child child,
             const Guardian& guardian);
  // No process of the group outlives this.
  ~CommandRun();
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  Answer finish();

 private:
  enum class Fate : std::uint8_t { own, timed_out, abandoned, too_much };

  void exchange();
  void feed();
  void collect();
  bool read_some(Descriptor& from);
  void take_output(std::string_view bytes);
  void judge(Instant now);
  void begin_end(Fate fate, Instant now, Duration grace);
  [[nodiscard]] Duration patience(Instant now) const;
  int end_group();
  [[nodiscard]] Answer answer(int status);
  [[nodiscard]] std::string with_last_line(std::string text) const;

  const CommandOptions& options_;
  const Attempt& attempt_;
  const Guardian& guardian_;
  Child child_;
  std::string_view input_left_;
  std::string output_;
  StderrLines errors_;
  Fate fate_ = Fate::own;
  Instant limit_ = Instant::max();
  Instant kill_at_ = Instant::max();
};

}  // namespace zcrew::worker
