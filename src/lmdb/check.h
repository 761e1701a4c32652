// Verifies a journal that no router uses: walks everything, changes nothing (journal.md section 8).
//
// Damage to LMDB's own pages can end the process by a signal: run this in a child process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace zcrew::lmdb {

inline constexpr std::size_t problems_max = 100;

struct CheckReport {
  bool ok = true;
  std::vector<std::string> problems;  // whole sentences, at most problems_max
  std::uint64_t problems_found = 0;   // those not listed too
  void problem(std::string text);

  std::uint64_t queues = 0;
  std::uint64_t ready = 0;  // without those held
  std::uint64_t held = 0;   // with a row that says who holds them
  std::uint64_t later = 0;
  std::uint64_t dead = 0;
  std::uint64_t results = 0;
  std::uint64_t sessions = 0;
  std::uint64_t instances = 0;
  std::uint64_t chunks = 0;
  std::uint64_t payload_bytes = 0;
};

// Throws journal::OpenError if it cannot be looked at: in use, newer, no journal, cut short.
CheckReport check_journal(const std::string& directory);

}  // namespace zcrew::lmdb
