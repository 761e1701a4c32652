#include "router/note_log.h"

#include <fmt/core.h>

#include <cstdint>
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
    case NoteKind::queue_made:
      return "new queues";
    case NoteKind::worker_joined:
      return "workers that joined";
    case NoteKind::worker_left:
      return "workers that left";
    case NoteKind::worker_dead:
      return "workers taken for dead";
    case NoteKind::worker_suspect:
      return "workers that may be gone";
    case NoteKind::worker_resumed:
      return "workers that came back";
    case NoteKind::worker_superseded:
      return "workers on a newer connection";
    case NoteKind::worker_draining:
      return "workers that drain";
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

std::uint32_t lines_per_second(NoteKind kind) {
  switch (kind) {
    case NoteKind::worker_dead:
      return 100;  // nobody wants to miss one
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
    case NoteKind::queue_made:
    case NoteKind::worker_joined:
    case NoteKind::worker_left:
    case NoteKind::worker_suspect:
    case NoteKind::worker_resumed:
    case NoteKind::worker_superseded:
    case NoteKind::worker_draining:
      return 10;
    default:
      return UINT32_MAX;
  }
}

NoteLog::NoteLog(LogSink sink) : sink_(std::move(sink)) {}

void NoteLog::write(const core::Note& note, Instant now) {
  const std::uint32_t lines = lines_per_second(note.kind);
  if (lines != UINT32_MAX) {
    Second& second = seconds_.at(static_cast<std::size_t>(note.kind));
    if (now - second.start >= second_length) {
      tell_held_back(note.kind, second);
      second.start = now;
      second.lines = 0;
    }
    if (second.lines >= lines) {
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
