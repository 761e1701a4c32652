// The JSON documents of the read-only admin verbs. Pure. docs/operations.md lists the fields; names
// stay, new ones may come. Bytes that are no UTF-8 (a worker may call itself anything) are shown as
// U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/payload.h"
#include "core/router.h"
#include "journal/journal.h"

namespace zcrew::router {

// What the shell knows beyond the core's report.
struct ShellStatus {
  std::uint64_t uptime_s = 0;
  std::string_view frontend;
  std::string_view backend;
  journal::Gauges journal;
  std::uint64_t pending_records = 0;  // emitted and not durable yet
  std::uint64_t jobs_written = 0;     // since the start: new jobs that went to disk
  std::uint64_t commits = 0;          // likewise
};

// {"version", "uptime_s", "epoch", "recovering", "full", "ready", "held", "later", "dead", "bytes",
//  "sessions", "endpoints": {clients, workers}, "counters": {…},
//  "journal": {file_bytes, free_bytes, pending_records, jobs_written, commits}, "queues": […],
//  "workers": […]}
std::string status_json(const core::Report& report, const ShellStatus& shell);

// {"queues": [{name, number, policy, weight, paused, ready, held, later, dead, bytes, max_ready,
//              max_held, attempts, crash_limit, backoff_ms, backoff_max_ms}]}
std::string queues_json(const core::Report& report);

// {"workers": [{name, instance, dialect, state, queues, weight, concurrency, held, done, failed,
//               speed_permille, service_us, round_trip_us}]}
std::string workers_json(const core::Report& report);

// {"version", "protocol", "epoch"}
std::string version_json(const core::Report& report);

// {"dead": [{id, queue, priority, reason, died_at_ms, accepted_at_ms, attempts, failures, crashes,
//            attempts_max, payload_bytes, history: [{at_ms, attempt, event, worker, text}]}],
//  "more": bool, "after": the last id, to go on from}
std::string dead_list_json(const journal::DeadPage& page, const core::Report& report);

// One of the list's objects, and the payload's first 64 KiB: "payload" if they are UTF-8, else
// "payload_base64"; "payload_complete" tells if that is all.
std::string dead_letter_json(const journal::DeadLetter& letter, std::string_view payload,
                             const core::Report& report);

// {"count": n}
std::string changed_json(std::uint64_t count, bool made_queue);

// "weighted", "round-robin", "random", "least-loaded", "adaptive".
std::string_view to_text(core::Policy policy);

}  // namespace zcrew::router
