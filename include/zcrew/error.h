// What the library throws. Peers' mistakes and lost connections are never exceptions: they come
// back as values of the calls that meet them.
#pragma once

#include <stdexcept>
#include <string>

namespace zcrew {

// The environment at start is not usable: a bad endpoint, a port in use, a journal that cannot be
// opened. `exit_code` is what the zcrew tool would exit with (docs/operations.md).
class Error : public std::runtime_error {
 public:
  Error(const std::string& what, int exit_code) : std::runtime_error(what), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int job_failed = 1;
inline constexpr int usage = 2;
inline constexpr int corrupt_journal = 65;
inline constexpr int unreachable = 69;
inline constexpr int journal_locked = 73;
inline constexpr int io_error = 74;
inline constexpr int queue_full = 75;
inline constexpr int refused = 77;
inline constexpr int configuration = 78;
inline constexpr int timeout = 124;
}  // namespace exit_code

}  // namespace zcrew
