// Bounds that hold in all parts, each with its unit and why it has this value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zcrew::limits {

// Bytes of one payload or result: the default, and how far `--max-payload` may raise it. A message
// above 64 MiB would hold up a connection's heartbeats for seconds on a thin line.
inline constexpr std::size_t payload_bytes_default = std::size_t{1} << 20U;
inline constexpr std::size_t payload_bytes_max = std::size_t{64} << 20U;

// Payloads up to this many bytes live inside the job's record; larger ones in chunks of their own,
// so that a record fits into an LMDB leaf page (2 KiB a node at 4 KiB pages) with its header.
inline constexpr std::size_t inline_payload_bytes = 1024;

// Bytes a job counts for besides its payload when space on disk is reckoned: its record, key and
// their share of the tree's pages.
inline constexpr std::size_t job_record_bytes = 256;

// The same when a job asks for room: generous, because running into a full disk inside a commit is
// the one thing that must not happen.
inline constexpr std::size_t job_admission_bytes = 512;

// Bytes of a queue's or worker's name: fits an LMDB key (511) with room, and a terminal column.
inline constexpr std::size_t name_bytes_max = 128;

// Jobs in one message. Decoders refuse more, so that one frame cannot ask for unbounded memory.
inline constexpr std::uint32_t entries_per_message_max = 16384;

// Bytes at which a sender closes a message and starts the next one (payloads may exceed it alone).
inline constexpr std::size_t message_bytes_target = std::size_t{256} << 10U;

// Bytes of the error text kept for a failed attempt, and attempts kept in a job's history.
inline constexpr std::size_t history_text_bytes = 256;
inline constexpr std::size_t history_entries_max = 16;

// Attempts a job may be given, and the longest delay or time limit (366 days in ms).
inline constexpr std::uint32_t attempts_max = 1000;
inline constexpr std::uint64_t delay_ms_max = 366ULL * 24 * 3600 * 1000;

// Worker settings.
inline constexpr std::uint32_t weight_max = 10000;
inline constexpr std::uint32_t concurrency_max = 65536;
inline constexpr std::uint32_t queues_per_worker_max = 1024;

// Jobs sent to a worker ahead of need, at most, and the payload bytes that end it. As many as a
// full session may have out: quick jobs then never wait in the router, where their memory grows
// cold (with 4,096 of them a tenth of the jobs/s is lost, with 1,024 four tenths: zcrew bench).
inline constexpr std::uint32_t prefetch_max = 16384;
inline constexpr std::uint64_t prefetch_bytes_max = std::uint64_t{16} << 20U;

// Outcomes of one worker that wait for the disk. With more, it gets no further jobs until some are
// settled: it must keep them all, and list them in a HELLO.
inline constexpr std::uint32_t unsettled_max = 50000;
inline constexpr std::uint32_t queues_max = 100000;

}  // namespace zcrew::limits
