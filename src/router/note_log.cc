#include "router/note_log.h"

#include <fmt/core.h>

#include <utility>

namespace zcrew::router {
namespace {

using core::NoteKind;

constexpr Duration second_length = std::chrono::seconds{1};

// What a line that stands for many is about.
const char* plural_of(NoteKind kind) {
  switch (kind) {
    case NoteKind::malformed:
      return "malformed messages";
    case NoteKind::batch_refused:
      return "refused batches";
    case NoteKind::batch_duplicate:
      return "batches that were resent";
    case NoteKind::outcome_stale:
      return "stale outcomes";
    case NoteKind::job_retried:
      return "retried jobs";
    case NoteKind::job_dead:
      return "dead letters";
    case NoteKind::job_requeued:
      return "jobs back in their queues";
    case NoteKind::client_joined:
      return "clients that joined";
    case NoteKind::client_left:
      return "clients that left";
    case NoteKind::session_dropped:
      return "dropped sessions";
    case NoteKind::guide_client_gone:
      return "Guide clients that went away";
    case NoteKind::guide_lease_over:
      return "Guide workers over their lease";
    case NoteKind::jobs_recalled:
      return "recalls";
    default:
      return "lines of this kind";
  }
}

}  // namespace

LogLevel level_of(NoteKind kind) {
  switch (kind) {
    case NoteKind::journal_full:
      return LogLevel::error;
    case NoteKind::worker_dead:
    case NoteKind::worker_superseded:
    case NoteKind::batch_refused:
    case NoteKind::job_dead:
    case NoteKind::outcome_stale:
    case NoteKind::loop_stalled:
    case NoteKind::guide_lease_over:
    case NoteKind::malformed:
      return LogLevel::warning;
    case NoteKind::batch_duplicate:
    case NoteKind::job_retried:
    case NoteKind::job_requeued:
    case NoteKind::client_joined:
    case NoteKind::client_left:
    case NoteKind::guide_client_gone:
    case NoteKind::jobs_recalled:
      return LogLevel::debug;
    default:
      return LogLevel::info;
  }
}

bool is_bounded(NoteKind kind) {
  switch (kind) {
    case NoteKind::malformed:
    case NoteKind::batch_refused:
    case NoteKind::batch_duplicate:
    case NoteKind::outcome_stale:
    case NoteKind::job_retried:
    case NoteKind::job_dead:
    case NoteKind::job_requeued:
    case NoteKind::client_joined:
    case NoteKind::client_left:
    case NoteKind::session_dropped:
    case NoteKind::guide_client_gone:
    case NoteKind::guide_lease_over:
    case NoteKind::jobs_recalled:
      return true;
    default:
      return false;
  }
}

NoteLog::NoteLog(LogSink sink) : sink_(std::move(sink)) {}

void NoteLog::write(const core::Note& note, Instant now) {
  if (is_bounded(note.kind)) {
    Second& second = seconds_.at(static_cast<std::size_t>(note.kind));
    if (now - second.start >= second_length) {
      tell_held_back(note.kind, second);
      second.start = now;
      second.lines = 0;
    }
    if (second.lines >= lines_per_second) {
      ++second.held_back;
      return;
    }
    ++second.lines;
  }
  sink_(level_of(note.kind), note.text);
}

void NoteLog::catch_up(Instant now) {
  for (std::size_t i = 0; i < seconds_.size(); ++i) {
    if (now - seconds_.at(i).start < second_length) continue;
    tell_held_back(static_cast<NoteKind>(i), seconds_.at(i));
  }
}

void NoteLog::tell_held_back(NoteKind kind, Second& second) {
  if (second.held_back == 0) return;
  sink_(level_of(kind), fmt::format("… and {} more {} in one second, not logged one by one.",
                                    second.held_back, plural_of(kind)));
  second.held_back = 0;
}

}  // namespace zcrew::router
