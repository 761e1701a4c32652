// A router and its peers in one thread and in virtual time, under the faults that Options name:
// mischief first, then everything heals and must come to rest. Everything follows from the seed.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "network.h"
#include "options.h"
#include "program.h"
#include "recorder.h"
#include "router_process.h"
#include "schedule.h"
#include "transcript.h"

namespace zcrew::sim {

// How a seed is run; changes nothing of what happens.
struct Manner {
  bool verbose = false;
  bool records = true;  // writes a history
};

class World {
 public:
  World(std::uint64_t seed, const Options& options, Manner manner);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Every check on the way, and at the end. Ends the program if one fails.
  void run();

  [[nodiscard]] Duration simulated() const { return schedule_.now() - began_; }
  [[nodiscard]] Duration slept() const { return slept_; }  // of that, in the week of silence
  [[nodiscard]] const Recorder& recorder() const { return recorder_; }
  [[nodiscard]] const RouterProcess& router() const { return router_; }
  RouterProcess& router() { return router_; }
  [[nodiscard]] const std::array<std::uint64_t, fault_kinds>& faults() const { return faults_; }
  [[nodiscard]] std::uint64_t jobs() const { return labels_; }

  // ---- for programs ----
  Schedule& schedule() { return schedule_; }
  Chance& chance() { return chance_; }
  Recorder& recorder() { return recorder_; }
  [[nodiscard]] const Transcript& transcript() const { return transcript_; }
  Network& network() { return network_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] bool is_healing() const { return healing_; }
  // When a person changed a weight for the last time.
  [[nodiscard]] Instant weights_set_at() const { return weights_set_at_; }
  std::string next_label(const std::string& program);
  // Of a hand-out to somebody, now or earlier; for liars.
  Token some_token();

 private:
  // faults.cc
  void plan_faults();
  void every(Fault fault, const std::function<void()>& action);
  void count(Fault fault, const std::string& what);
  void kill_program();
  void cut_program();
  void freeze_program();
  void block_program();
  void command();
  void set_weight(unsigned worker, std::uint32_t weight);
  void change_queue();
  void work_on_the_dead();
  void fill_disk();
  Program& any_program();
  [[nodiscard]] Duration away();

  void heal();
  void come_to_rest();
  [[nodiscard]] bool is_at_rest();
  void sleep_a_week();
  void show_unrest();
  void finish();

  std::uint64_t seed_;
  Options options_;
  Schedule schedule_;
  Instant began_ = schedule_.now();
  Duration slept_{};
  Chance chance_;
  Recorder recorder_;
  Transcript transcript_;
  Network network_;
  RouterProcess router_;
  std::vector<std::unique_ptr<Program>> programs_;
  std::array<std::uint64_t, fault_kinds> faults_{};
  bool healing_ = false;
  Instant weights_set_at_{};
  std::uint64_t labels_ = 0;
};

}  // namespace zcrew::sim
