// The words for enumerations and small structs.
#include <array>

#include "print.h"
#include "words.h"

namespace zcrew::scenarios {

std::string quoted(std::string_view bytes) {
  constexpr std::size_t shown = 24;
  std::string text = "\"";
  for (const char c : bytes.substr(0, shown)) {
    text += c >= ' ' && c != '"' && c < 127 ? c : '?';
  }
  if (bytes.size() <= shown) return text + "\"";
  return text + "…\" (" + std::to_string(bytes.size()) + " bytes)";
}

std::string_view to_text(wire::Outcome outcome) {
  constexpr std::array<std::string_view, 4> texts = {"done", "failed", "rejected", "released"};
  return texts.at(static_cast<std::size_t>(outcome));
}

std::string_view to_text(wire::End end) {
  constexpr std::array<std::string_view, 5> texts = {"done", "dead", "cancelled", "expired",
                                                     "unknown"};
  return texts.at(static_cast<std::size_t>(end));
}

std::string_view to_text(wire::ResultMode mode) {
  constexpr std::array<std::string_view, 3> texts = {"none", "caller", "keep"};
  return texts.at(static_cast<std::size_t>(mode));
}

std::string_view to_text(core::Place place) {
  constexpr std::array<std::string_view, 4> texts = {"none", "ready", "later", "dead"};
  return texts.at(static_cast<std::size_t>(place));
}

std::string_view to_text(core::Policy policy) {
  constexpr std::array<std::string_view, 5> texts = {"weighted", "round-robin", "random",
                                                     "least-loaded", "adaptive"};
  return texts.at(static_cast<std::size_t>(policy));
}

std::string_view to_text(core::NoteKind kind) {
  constexpr auto count = static_cast<std::size_t>(core::NoteKind::count_);
  constexpr std::array<std::string_view, count> texts = {
      "client_joined",     "client_left",     "worker_joined",    "worker_resumed",
      "worker_superseded", "worker_suspect",  "worker_dead",      "worker_left",
      "worker_draining",   "jobs_recalled",   "recovery_started", "recovery_over",
      "batch_refused",     "batch_duplicate", "job_retried",      "job_dead",
      "job_requeued",      "outcome_stale",   "session_dropped",  "queue_made",
      "loop_stalled",      "journal_full",    "journal_has_room", "guide_lease_over",
      "guide_client_gone", "command",         "malformed"};
  static_assert(texts.back() == "malformed", "a note kind has no word");
  return texts.at(static_cast<std::size_t>(kind));
}

namespace {

void append(std::string& text, std::string_view name, std::uint64_t value,
            std::uint64_t silent = 0) {
  if (value == silent) return;
  if (!text.empty()) text += ' ';
  text += std::string(name) + "=" + std::to_string(value);
}

}  // namespace

std::string counters_text(const core::Counters& c) {
  std::string text;
  append(text, "accepted", c.accepted);
  append(text, "confirmed", c.confirmed);
  append(text, "duplicates", c.duplicates);
  append(text, "done", c.done);
  append(text, "failed", c.failed);
  append(text, "rejected", c.rejected);
  append(text, "released", c.released);
  append(text, "retried", c.retried);
  append(text, "crashed", c.crashed);
  append(text, "cancelled", c.cancelled);
  append(text, "expired", c.expired);
  append(text, "removed", c.removed);
  append(text, "resumed", c.resumed);
  append(text, "stale", c.stale);
  append(text, "malformed", c.malformed);
  return text.empty() ? "all 0" : text;
}

std::string counts_text(const core::QueueCounts& counts) {
  std::string text;
  append(text, "ready", counts.ready);
  append(text, "held", counts.held);
  append(text, "later", counts.later);
  append(text, "dead", counts.dead);
  append(text, "bytes", counts.bytes);
  return text.empty() ? "empty" : text;
}

std::string settings_text(const core::QueueSettings& settings) {
  const core::QueueSettings usual;
  std::string text = settings.name + " " + std::string(to_text(settings.policy));
  append(text, "weight", settings.weight, usual.weight);
  append(text, "max_ready", settings.max_ready, usual.max_ready);
  append(text, "max_held", settings.max_held, usual.max_held);
  append(text, "attempts", settings.attempts, usual.attempts);
  append(text, "crash_limit", settings.crash_limit, usual.crash_limit);
  append(text, "backoff_ms", settings.backoff_ms, usual.backoff_ms);
  append(text, "backoff_max_ms", settings.backoff_max_ms, usual.backoff_max_ms);
  if (settings.paused) text += " paused";
  return text;
}

}  // namespace zcrew::scenarios
