// Keys of the journal's databases: big-endian, so that their byte order is the order of numbers
// (J-2.2). Pure. A key is a small value of fixed size; reading one back checks its shape.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "journal/bytes.h"
#include "journal/layout.h"

namespace zcrew::journal {

template <std::size_t size>
struct Key {
  std::array<char, size> bytes;
  [[nodiscard]] std::string_view view() const { return {bytes.data(), bytes.size()}; }
};

inline Key<layout::job_id_bytes> job_key(const JobId& id) {
  Key<layout::job_id_bytes> key;
  Writer(key.bytes.data()).job_id(id);
  return key;
}

// `later` and `results_by_expiry`.
inline Key<layout::due_key_bytes> due_key(WallTime due, const JobId& id) {
  Key<layout::due_key_bytes> key;
  Writer out(key.bytes.data());
  out.time(due);
  out.job_id(id);
  return key;
}

inline Key<layout::chunk_key_bytes> chunk_key(const JobId& id, layout::Part part,
                                              std::uint32_t chunk) {
  Key<layout::chunk_key_bytes> key;
  Writer out(key.bytes.data());
  out.job_id(id);
  out.u8(static_cast<std::uint8_t>(part));
  out.u32(chunk);
  return key;
}

inline Key<4> queue_key(QueueNumber queue) {
  Key<4> key;
  Writer(key.bytes.data()).u32(queue);
  return key;
}

inline Key<layout::uuid_bytes> uuid_key(const Uuid& uuid) {
  Key<layout::uuid_bytes> key;
  Writer(key.bytes.data()).uuid(uuid);
  return key;
}

// ---- back; nothing if the key has another shape ----

inline std::optional<JobId> read_job_key(std::string_view key) {
  Reader in(key);
  const JobId id = in.job_id();
  if (!in.complete() || id.queue == 0 || id.priority >= priority_count) return std::nullopt;
  return id;
}

struct DueKey {
  WallTime due{};
  JobId id;
};
inline std::optional<DueKey> read_due_key(std::string_view key) {
  if (key.size() != layout::due_key_bytes) return std::nullopt;
  const auto id = read_job_key(key.substr(8));
  if (!id) return std::nullopt;
  return DueKey{Reader(key).time(), *id};
}

struct ChunkKey {
  JobId id;
  layout::Part part = layout::Part::payload;
  std::uint32_t chunk = 0;
};
inline std::optional<ChunkKey> read_chunk_key(std::string_view key) {
  if (key.size() != layout::chunk_key_bytes) return std::nullopt;
  const auto id = read_job_key(key.substr(0, layout::job_id_bytes));
  Reader in(key.substr(layout::job_id_bytes));
  const std::uint8_t part = in.u8();
  if (!id || part > static_cast<std::uint8_t>(layout::Part::result)) return std::nullopt;
  return ChunkKey{*id, static_cast<layout::Part>(part), in.u32()};
}

inline std::optional<QueueNumber> read_queue_key(std::string_view key) {
  Reader in(key);
  const QueueNumber queue = in.u32();
  if (!in.complete() || queue == 0) return std::nullopt;
  return queue;
}

inline std::optional<Uuid> read_uuid_key(std::string_view key) {
  Reader in(key);
  const Uuid uuid = in.uuid();
  if (!in.complete()) return std::nullopt;
  return uuid;
}

}  // namespace zcrew::journal
