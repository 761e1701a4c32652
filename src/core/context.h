// What every part of the core shares during a step: settings, time, counters, the numbering of
// records, and where effects go. Pure; owned by Router.
#pragma once

#include <string>
#include <utility>

#include "base/plant.h"
#include "core/config.h"
#include "core/effect.h"
#include "core/prng.h"
#include "core/recovered.h"

namespace zcrew::core {

struct Context {
  Context(const Config& settings, Epoch started)
      : config(settings), epoch(started), prng(settings.seed) {}

  const Config config;
  const Epoch epoch;
  Now now{};
  Duration stalled{};  // how long this process did not run, in all
  Effects* out = nullptr;
  Counters counters;
  Prng prng;
  JournalSequence last_record = 0;
  JournalSequence durable = 0;
  JournalSequence taken = UINT64_MAX;  // what is above can still be cancelled
  bool stopping = false;               // no new jobs, no hand-outs
  bool recovering = false;             // jobs from before the start wait for their workers

  // Monotonic time without the stalls: what liveness, leases and waits are measured on, so that a
  // router which did not run blames nobody (design D8).
  [[nodiscard]] Instant attended() const {
    if (planted(Bug::wall_clock)) return Instant{now.wall.time_since_epoch() - planted_calendar};
    return now.mono - stalled;
  }

  // Made in place: moving a variant costs more than what most of these hold.
  template <typename T>
  JournalSequence record(T what) {
    out->records.emplace_back(std::in_place_type<T>, std::move(what));
    return ++last_record;
  }
  // The record made last, if it is a T: to make it longer.
  template <typename T>
  [[nodiscard]] T* latest_record() const {
    return out->records.empty() ? nullptr : std::get_if<T>(&out->records.back());
  }
  template <typename T>
  void send(Peer peer, Side side, T message) {
    out->sends.emplace_back(peer, side, std::move(message));
  }
  void note(NoteKind kind, std::string text) { out->notes.push_back({kind, std::move(text)}); }
  void read(Read what) { out->reads.push_back(std::move(what)); }
};

// For people: "3.0 s", "250 ms".
inline std::string to_text(Duration time) {
  const auto ms = time.count() / 1000;
  if (ms < 1000) return std::to_string(ms) + " ms";
  return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
}

}  // namespace zcrew::core
