#include "journal/row_codec.h"

#include <array>

#include "base/check.h"
#include "journal/bytes.h"
#include "journal/keys.h"

namespace zcrew::journal {

using layout::Kind;

namespace {

// A record of `body_bytes` in all, whose body `fill` writes.
template <typename Fill>
std::string record_of(Kind kind, std::string_view key, std::size_t body_bytes, Fill fill) {
  std::string record(layout::envelope_bytes + body_bytes, '\0');
  Writer out(record.data() + layout::envelope_bytes);
  fill(out);
  ZCREW_CHECK(out.position() == record.data() + record.size());
  seal(kind, key, record.data(), record.size());
  return record;
}

// What `take` reads from a record's body, if nothing is missing, left over or out of range.
template <typename Value, typename Take>
Result<Value, Fault> value_of(Kind kind, std::string_view key, std::string_view record, Take take) {
  const auto body = unseal(kind, key, record);
  if (!body) return Unexpected{body.error()};
  Reader in(*body);
  Value value{};
  const bool in_range = take(in, value);
  if (!in_range || !in.complete()) return Unexpected{Fault::shape};
  return value;
}

// In the order of the row: new ones go to the end, none is ever taken out (journal.md section 10).
constexpr std::array counters_in_order{
    &core::Counters::accepted,  &core::Counters::confirmed, &core::Counters::duplicates,
    &core::Counters::done,      &core::Counters::failed,    &core::Counters::rejected,
    &core::Counters::released,  &core::Counters::retried,   &core::Counters::crashed,
    &core::Counters::cancelled, &core::Counters::expired,   &core::Counters::removed,
    &core::Counters::resumed,   &core::Counters::stale,     &core::Counters::malformed,
};
static_assert(counters_in_order.size() * sizeof(std::uint64_t) == sizeof(core::Counters),
              "a counter was added: put it at the end of counters_in_order");

}  // namespace

// ---- meta ----

std::string write_format(std::uint32_t format) {
  return record_of(Kind::format, layout::format_row, layout::format_magic.size() + 4,
                   [&](Writer& out) {
                     out.bytes(layout::format_magic);
                     out.u32(format);
                   });
}

Result<std::uint32_t, Fault> read_format(std::string_view record) {
  return value_of<std::uint32_t>(
      Kind::format, layout::format_row, record, [](Reader& in, std::uint32_t& format) {
        const bool ours = in.bytes(layout::format_magic.size()) == layout::format_magic;
        format = in.u32();
        return ours && format > 0;
      });
}

std::string write_epoch(Epoch epoch) {
  return record_of(Kind::epoch, layout::epoch_row, 4, [&](Writer& out) { out.u32(epoch); });
}

Result<Epoch, Fault> read_epoch(std::string_view record) {
  return value_of<Epoch>(Kind::epoch, layout::epoch_row, record, [](Reader& in, Epoch& epoch) {
    epoch = in.u32();
    return true;
  });
}

std::string write_sequences(Sequence limit) {
  return record_of(Kind::sequences, layout::sequences_row, 8, [&](Writer& out) { out.u64(limit); });
}

Result<Sequence, Fault> read_sequences(std::string_view record) {
  return value_of<Sequence>(Kind::sequences, layout::sequences_row, record,
                            [](Reader& in, Sequence& limit) {
                              limit = in.u64();
                              return limit > 0;
                            });
}

std::string write_commit(const CommitRow& row) {
  return record_of(Kind::commit, layout::commit_row, 4 + 8 + 2 + 8 * counters_in_order.size(),
                   [&](Writer& out) {
                     out.u32(row.epoch);
                     out.u64(row.sequence);
                     out.u16(static_cast<std::uint16_t>(counters_in_order.size()));
                     for (const auto counter : counters_in_order) out.u64(row.counters.*counter);
                   });
}

Result<CommitRow, Fault> read_commit(std::string_view record) {
  return value_of<CommitRow>(Kind::commit, layout::commit_row, record,
                             [](Reader& in, CommitRow& row) {
                               row.epoch = in.u32();
                               row.sequence = in.u64();
                               const std::uint16_t count = in.u16();
                               for (std::uint16_t i = 0; i < count && !in.failed(); ++i) {
                                 const std::uint64_t value = in.u64();
                                 if (i < counters_in_order.size())
                                   row.counters.*counters_in_order[i] = value;
                               }
                               return true;
                             });
}

// ---- queues ----

std::string write_queue(std::string_view key, const core::QueueSettings& settings) {
  const std::string_view name = cut(settings.name, limits::name_bytes_max);
  return record_of(Kind::queue, key, 1 + name.size() + 1 + 4 + 8 + 20 + 1, [&](Writer& out) {
    out.text8(name);
    out.u8(static_cast<std::uint8_t>(settings.policy));
    out.u32(settings.weight);
    out.u64(settings.max_ready);
    out.u32(settings.max_held);
    out.u32(settings.attempts);
    out.u32(settings.crash_limit);
    out.u32(settings.backoff_ms);
    out.u32(settings.backoff_max_ms);
    out.u8(settings.paused ? 1 : 0);
  });
}

Result<core::QueueSettings, Fault> read_queue(std::string_view key, std::string_view record) {
  return value_of<core::QueueSettings>(
      Kind::queue, key, record, [](Reader& in, core::QueueSettings& settings) {
        settings.name = in.text8();
        const std::uint8_t policy = in.u8();
        settings.policy = static_cast<core::Policy>(policy);
        settings.weight = in.u32();
        settings.max_ready = in.u64();
        settings.max_held = in.u32();
        settings.attempts = in.u32();
        settings.crash_limit = in.u32();
        settings.backoff_ms = in.u32();
        settings.backoff_max_ms = in.u32();
        const std::uint8_t paused = in.u8();
        settings.paused = paused == 1;
        return policy <= static_cast<std::uint8_t>(core::Policy::adaptive) && paused <= 1 &&
               !settings.name.empty();
      });
}

std::string write_counts(std::string_view key, const core::QueueCounts& counts) {
  return record_of(Kind::counts, key, 40, [&](Writer& out) {
    out.u64(counts.ready);
    out.u64(counts.held);
    out.u64(counts.later);
    out.u64(counts.dead);
    out.u64(counts.bytes);
  });
}

Result<core::QueueCounts, Fault> read_counts(std::string_view key, std::string_view record) {
  return value_of<core::QueueCounts>(Kind::counts, key, record,
                                     [](Reader& in, core::QueueCounts& counts) {
                                       counts.ready = in.u64();
                                       counts.held = in.u64();
                                       counts.later = in.u64();
                                       counts.dead = in.u64();
                                       counts.bytes = in.u64();
                                       return true;
                                     });
}

// ---- jobs' side tables ----

std::string write_due(std::string_view key, WallTime due) {
  return record_of(Kind::due, key, 8, [&](Writer& out) { out.time(due); });
}

Result<WallTime, Fault> read_due(std::string_view key, std::string_view record) {
  return value_of<WallTime>(Kind::due, key, record, [](Reader& in, WallTime& due) {
    due = in.time();
    return true;
  });
}

std::string write_held(std::string_view key, const core::PutHeld& held) {
  return record_of(Kind::held, key, 4 + 4 + layout::uuid_bytes + 8 + 8 + 4, [&](Writer& out) {
    out.u32(held.token.handout);
    out.u32(held.token.epoch);
    out.uuid(held.instance);
    out.time(held.since);
    out.time(held.lease_end);
    out.u32(held.attempt);
  });
}

Result<core::PutHeld, Fault> read_held(std::string_view key, std::string_view record) {
  const auto id = read_job_key(key);
  return value_of<core::PutHeld>(Kind::held, key, record, [&](Reader& in, core::PutHeld& held) {
    held.token.job = id.value_or(JobId{});
    held.token.handout = in.u32();
    held.token.epoch = in.u32();
    held.instance = in.uuid();
    held.since = in.time();
    held.lease_end = in.time();
    held.attempt = in.u32();
    return id.has_value();
  });
}

// ---- instances and sessions ----

std::string write_instance(std::string_view key, const core::PutInstance& instance) {
  const std::string_view name = cut(instance.name, limits::name_bytes_max);
  return record_of(Kind::instance, key, 1 + name.size() + 8, [&](Writer& out) {
    out.text8(name);
    out.time(instance.last_seen);
  });
}

Result<core::PutInstance, Fault> read_instance(std::string_view key, std::string_view record) {
  const auto uuid = read_uuid_key(key);
  return value_of<core::PutInstance>(Kind::instance, key, record,
                                     [&](Reader& in, core::PutInstance& instance) {
                                       instance.instance = uuid.value_or(Uuid{});
                                       instance.name = in.text8();
                                       instance.last_seen = in.time();
                                       return uuid.has_value();
                                     });
}

namespace {
constexpr std::size_t run_bytes = 8 + 4 + 4 + layout::job_id_bytes;
}

std::string write_session(std::string_view key, const core::PutSession& session) {
  return record_of(Kind::session, key, 8 + 8 + 4 + session.runs.size() * run_bytes,
                   [&](Writer& out) {
                     out.u64(session.last_batch);
                     out.time(session.last_seen);
                     out.u32(static_cast<std::uint32_t>(session.runs.size()));
                     for (const core::BatchRun& run : session.runs) {
                       out.u64(run.batch);
                       out.u32(run.index);
                       out.u32(run.count);
                       out.job_id(run.first);
                     }
                   });
}

Result<core::PutSession, Fault> read_session(std::string_view key, std::string_view record) {
  const auto uuid = read_uuid_key(key);
  return value_of<core::PutSession>(Kind::session, key, record,
                                    [&](Reader& in, core::PutSession& session) {
                                      session.session = uuid.value_or(Uuid{});
                                      session.last_batch = in.u64();
                                      session.last_seen = in.time();
                                      const std::uint32_t runs = in.u32();
                                      if (!uuid || in.left() != std::uint64_t{runs} * run_bytes)
                                        return false;
                                      session.runs.resize(runs);
                                      for (core::BatchRun& run : session.runs) {
                                        run.batch = in.u64();
                                        run.index = in.u32();
                                        run.count = in.u32();
                                        run.first = in.job_id();
                                      }
                                      return true;
                                    });
}

// ---- results ----

ResultView view_of(const core::PutResult& put) {
  ResultView result;
  result.end = put.end;
  result.attempts = put.attempts;
  result.origin = put.origin;
  result.expires_at = put.expires_at;
  result.worker = put.worker;
  result.reason = put.reason;
  result.result_bytes = static_cast<std::uint32_t>(put.bytes.size());
  if (!result.bytes_in_blobs()) result.bytes = put.bytes.view();
  return result;
}

std::string write_result(std::string_view key, const ResultView& result) {
  const std::string_view worker = cut(result.worker, limits::name_bytes_max);
  const std::string_view reason = cut(result.reason, layout::word_bytes_max);
  const std::size_t fixed = 1 + 4 + layout::uuid_bytes + 8 + 4 + 8 + 1 + 1 + 4;
  return record_of(Kind::result, key, fixed + worker.size() + reason.size() + result.bytes.size(),
                   [&](Writer& out) {
                     out.u8(static_cast<std::uint8_t>(result.end));
                     out.u32(result.attempts);
                     out.uuid(result.origin.session);
                     out.u64(result.origin.batch);
                     out.u32(result.origin.index);
                     out.time(result.expires_at);
                     out.text8(worker);
                     out.text8(reason);
                     out.u32(result.result_bytes);
                     out.bytes(result.bytes);
                   });
}

Result<ResultView, Fault> read_result(std::string_view key, std::string_view record) {
  return value_of<ResultView>(Kind::result, key, record, [](Reader& in, ResultView& result) {
    const std::uint8_t end = in.u8();
    result.end = static_cast<wire::End>(end);
    result.attempts = in.u32();
    result.origin.session = in.uuid();
    result.origin.batch = in.u64();
    result.origin.index = in.u32();
    result.expires_at = in.time();
    result.worker = in.text8();
    result.reason = in.text8();
    result.result_bytes = in.u32();
    if (!result.bytes_in_blobs()) result.bytes = in.bytes(result.result_bytes);
    return end <= static_cast<std::uint8_t>(wire::End::unknown) &&
           result.result_bytes <= limits::payload_bytes_max;
  });
}

std::string write_index(std::string_view key) {
  return record_of(Kind::index, key, 0, [](Writer&) {});
}

Result<bool, Fault> read_index(std::string_view key, std::string_view record) {
  return value_of<bool>(Kind::index, key, record,
                        [](Reader&, bool& there) { return there = true; });
}

}  // namespace zcrew::journal
