// One run of `zcrew submit`: a feeding thread reads the source and hands jobs to the client, the
// calling thread hears what becomes of them.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "command_line.h"
#include "net/socket.h"
#include "output.h"
#include "progress.h"
#include "submit_report.h"
#include "submit_source.h"
#include "zcrew/client.h"

namespace zcrew::tool {

struct SubmitSettings {
  RouterLink link;
  Job job;  // all but the payload
  ReportSettings report;
  bool quiet = false;
  std::chrono::milliseconds wait_limit{0};  // for the whole run; 0 = none
};

// Reads and submits on a thread of its own, until the source ends or it is stopped.
class Feeder {
 public:
  Feeder(Client& client, Source& source, Job job);
  ~Feeder();
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  void stop() noexcept;  // from a signal handler too
  void set_settled(std::uint64_t count) { settled_ = count; }
  [[nodiscard]] std::uint64_t submitted() const { return submitted_; }
  [[nodiscard]] bool ended() const { return ended_; }
  // Why the source could not be read to its end.
  [[nodiscard]] std::optional<std::string> failure() const;

 private:
  void feed();
  bool hand_over(const Job& job);

  Client& client_;
  Source& source_;
  Job job_;
  net::Wakeup wakeup_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::uint64_t> submitted_{0};
  std::atomic<std::uint64_t> settled_{0};
  mutable std::mutex mutex_;
  std::optional<std::string> failure_;
  std::thread thread_;  // last: it uses all of the above
};

// Sentences and skipped files from any thread, for the one that owns the terminal.
class Complaints {
 public:
  void add(const std::string& text);
  std::vector<std::string> take();
  void add_skipped(const SkippedFile& file);
  std::vector<SkippedFile> take_skipped();
  [[nodiscard]] bool any_skipped() const { return any_skipped_; }

 private:
  std::mutex mutex_;
  std::vector<std::string> waiting_;
  std::vector<SkippedFile> skipped_;
  std::atomic<bool> any_skipped_{false};
};

class Submission {
 public:
  Submission(const SubmitSettings& settings, Source& source, Complaints& complaints);

  // Returns the exit code.
  int run();

 private:
  using Clock = std::chrono::steady_clock;

  void turn();
  void take(const ClientEvent& event);
  void take_link(bool up, const std::string& why);
  void take_held_back(const HeldBack& event);
  void watch_link();
  void show();
  [[nodiscard]] std::optional<double> share() const;
  [[nodiscard]] std::optional<int> verdict();
  [[nodiscard]] bool all_settled() const;
  [[nodiscard]] std::string counts_text() const;
  [[nodiscard]] std::string last_word(int code) const;
  void offer_rest();
  int finish(int code);

  const SubmitSettings settings_;
  Source& source_;
  Complaints& complaints_;
  Client client_;
  Output out_;
  Report report_;
  Progress progress_;
  Feeder feeder_;
  std::atomic<bool> interrupted_{false};
  const Clock::time_point start_ = Clock::now();
  std::optional<Clock::time_point> down_since_ = start_;
  std::optional<Clock::time_point> interrupted_at_;
  std::string why_down_;
  // The router has no room: since when, with no job confirmed meanwhile.
  std::optional<Clock::time_point> held_since_;
  HeldBack held_;
  std::uint64_t confirmed_when_held_ = 0;
  bool told_down_ = false;
  bool was_up_ = false;
};

}  // namespace zcrew::tool
