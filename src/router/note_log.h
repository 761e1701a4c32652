// Turns the core's notes into log lines: a level for each kind, and a bound on the kinds that peers
// or many jobs can cause in any number (10 lines a second and kind, then one line with how many
// more there were). Loop thread only; time comes from the caller.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"
#include "core/effect.h"
#include "zcrew/router.h"

namespace zcrew::router {

using LogSink = std::function<void(LogLevel, const std::string&)>;

LogLevel level_of(core::NoteKind kind);

// Lines of this kind in a second; of more only the number is told. Without a bound is what no peer
// can cause.
std::uint32_t lines_per_second(core::NoteKind kind);

class NoteLog {
 public:
  explicit NoteLog(LogSink sink);

  void write(const core::Note& note, Instant now);

  // Tells what was held back in seconds that are over. Call now and then.
  void catch_up(Instant now);

 private:
  struct Second {
    Instant start{};
    std::uint32_t lines = 0;
    std::uint64_t held_back = 0;
  };
  void tell_held_back(core::NoteKind kind, Second& second);

  LogSink sink_;
  std::array<Second, static_cast<std::size_t>(core::NoteKind::count_)> seconds_{};
};

}  // namespace zcrew::router
