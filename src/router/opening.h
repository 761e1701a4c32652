// What has to hold before the router may serve: options within range, a journal that opens. All of
// it throws Error with the exit code that fits (include/zcrew/error.h).
#pragma once

#include <memory>
#include <string>

#include "core/config.h"
#include "core/recovered.h"
#include "journal/journal.h"
#include "zcrew/router.h"

namespace zcrew::router {

// Frames above this close their sender's connection (protocol.md P-3.13).
std::uint64_t frame_bytes_max(const RouterOptions& options);

// 78 for an option out of range, or an endpoint that may not be listened on.
void check_options(const RouterOptions& options);

core::Config core_config(const RouterOptions& options, std::uint64_t seed);

// Says that the journal is too small for the largest payloads, which are refused then; or nothing.
std::string small_journal(const RouterOptions& options);

// What a person does about a damaged journal: one sentence, without its full stop.
std::string damage_cure(const std::string& directory);

struct OpenJournal {
  std::unique_ptr<journal::Journal> journal;
  core::Recovered recovered;
};

// 73 if another process has the journal, 65 if it is damaged, 78 if it is of a newer zcrew or no
// journal, else 74.
OpenJournal open_journal(const RouterOptions& options);

}  // namespace zcrew::router
