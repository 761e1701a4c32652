// Sums over many seeds: the ledger of docs/testing.md.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "world.h"

namespace zcrew::sim {

// Over so many seeds every kind of note comes up.
inline constexpr std::uint64_t seeds_for_all_notes = 500;

class Tally {
 public:
  void add(const World& world);
  void add_judged() { ++judged_; }
  void print() const;
  // Else the faults no longer reach that code.
  [[nodiscard]] bool has_every_note() const;

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::uint64_t seeds_ = 0;
  std::uint64_t judged_ = 0;
  std::uint64_t jobs_ = 0;
  std::uint64_t events_ = 0;
  Duration simulated_{};
  Duration slept_{};
  Counts counts_;
  std::array<std::uint64_t, fault_kinds> faults_{};
};

}  // namespace zcrew::sim
