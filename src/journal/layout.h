// The constants of the journal's format 2, which docs/journal.md explains and a test compares with
// that page. Pure. The values are on disk: a change needs a new version (journal.md section 10).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"

namespace zcrew::journal::layout {

inline constexpr std::uint32_t format_version = 2;
inline constexpr std::uint8_t record_version = 1;
inline constexpr std::string_view format_magic = "zcrewjnl";

// [version][kind][checksum] in front of every record's body.
inline constexpr std::size_t envelope_bytes = 1 + 1 + 8;

inline constexpr std::size_t job_id_bytes = 4 + 1 + 8;
inline constexpr std::size_t uuid_bytes = 16;
inline constexpr std::size_t due_key_bytes = 8 + job_id_bytes;
inline constexpr std::size_t chunk_key_bytes = job_id_bytes + 1 + 4;

// A job record's body up to its death, history and payload.
inline constexpr std::size_t job_fixed_bytes = 58;
inline constexpr std::size_t job_origin_bytes = 28;  // only with a result mode

// A bundle's body up to its producer, and to its jobs; then each job's bytes before its payload.
inline constexpr std::size_t bundle_fixed_bytes = 44;
inline constexpr std::size_t bundle_origin_bytes = 24;
inline constexpr std::size_t bundle_entry_bytes = 6;
inline constexpr std::size_t bundle_entry_origin_bytes = 4;

// What an LMDB page of 4 KiB has room for: a record of that size has a page by itself.
inline constexpr std::size_t page_record_bytes = 4080;

// No more jobs than this in a bundle, because all of them are read for one.
inline constexpr std::size_t bundle_bytes_max = page_record_bytes;
inline constexpr std::size_t bundle_jobs_max = 64;

// Payload bytes of a chunk: with its envelope it fills a page, so that any single free page can
// hold one.
inline constexpr std::size_t chunk_bytes = page_record_bytes - envelope_bytes;

// Bytes of an event, a reason or another single word.
inline constexpr std::size_t word_bytes_max = 64;

enum class Kind : std::uint8_t {
  format = 1,
  epoch = 2,
  sequences = 3,
  commit = 4,
  queue = 5,
  counts = 6,
  job = 7,
  dead = 8,
  chunk = 9,
  due = 10,
  held = 11,
  instance = 12,
  session = 13,
  result = 14,
  index = 15,
  bundle = 16,
};

enum class Part : std::uint8_t { payload = 0, result = 1 };

namespace job_flag {
inline constexpr std::uint8_t at_most_once = 1;
inline constexpr std::uint8_t all = at_most_once;
}  // namespace job_flag

// Keys of the rows of `meta`.
inline constexpr std::string_view format_row = "format";
inline constexpr std::string_view epoch_row = "epoch";
inline constexpr std::string_view sequences_row = "sequences";
inline constexpr std::string_view commit_row = "commit";

// Names of the databases.
namespace db {
inline constexpr std::string_view meta = "meta";
inline constexpr std::string_view queues = "queues";
inline constexpr std::string_view counts = "counts";
inline constexpr std::string_view ready = "ready";
inline constexpr std::string_view bundles = "bundles";
inline constexpr std::string_view blobs = "blobs";
inline constexpr std::string_view later = "later";
inline constexpr std::string_view where = "where";
inline constexpr std::string_view dead = "dead";
inline constexpr std::string_view held = "held";
inline constexpr std::string_view instances = "instances";
inline constexpr std::string_view results = "results";
inline constexpr std::string_view results_by_expiry = "results_by_expiry";
inline constexpr std::string_view sessions = "sessions";
inline constexpr std::string_view keys = "keys";
inline constexpr std::string_view keys_by_expiry = "keys_by_expiry";

inline constexpr std::array all{
    meta, queues, counts,    ready,   bundles,           blobs,    later, where,
    dead, held,   instances, results, results_by_expiry, sessions, keys,  keys_by_expiry};
}  // namespace db

}  // namespace zcrew::journal::layout
