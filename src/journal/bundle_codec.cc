#include "journal/bundle_codec.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "journal/bytes.h"
#include "journal/keys.h"

namespace zcrew::journal {

namespace {

constexpr std::uint64_t offset_max = std::numeric_limits<std::uint16_t>::max();

// Bytes of a bundle without jobs, and of a job without its payload.
std::size_t head_bytes(const core::JobHeader& header) {
  return layout::envelope_bytes + layout::bundle_fixed_bytes +
         (has_origin(header) ? layout::bundle_origin_bytes : 0);
}
std::size_t entry_bytes(const core::JobHeader& header) {
  return layout::bundle_entry_bytes + (has_origin(header) ? layout::bundle_entry_origin_bytes : 0);
}

void write_head(Writer& out, const BundleHead& head, std::size_t jobs) {
  const core::JobHeader& header = head.header;
  out.u8(header.at_most_once ? layout::job_flag::at_most_once : 0);
  out.u8(static_cast<std::uint8_t>(header.result));
  out.u16(static_cast<std::uint16_t>(jobs));
  out.u64(head.first.sequence);
  out.time(header.accepted_at);
  out.u64(head.lifetime_ms);
  out.u32(header.attempts_max);
  out.u32(header.backoff_ms);
  out.u64(header.time_limit_ms);
  if (!has_origin(header)) return;
  out.uuid(header.origin.session);
  out.u64(header.origin.batch);
}

void write_bundled(Writer& out, const BundleHead& head, const BundleEntry& entry) {
  out.u16(entry.sequence);
  out.u16(entry.accepted_ms);
  out.u16(static_cast<std::uint16_t>(entry.payload.size()));
  if (has_origin(head.header)) {
    out.u16(entry.batch);
    out.u16(entry.index);
  }
  out.bytes(entry.payload);
}

void seal_bundle(std::string_view key, char* record, const Writer& out) {
  seal(layout::Kind::bundle, key, record, static_cast<std::size_t>(out.position() - record));
}

std::uint64_t lifetime_ms(const core::JobHeader& header) {
  return header.expires_at == WallTime{} ? 0 : to_ms(header.expires_at) - to_ms(header.accepted_at);
}

BundleHead head_of(const core::PutJob& put) {
  return {put.id, put.header, lifetime_ms(put.header)};
}

BundleEntry entry_of(const BundleHead& head, const core::PutJob& put) {
  const auto offset = [](std::uint64_t from, std::uint64_t to) {
    return static_cast<std::uint16_t>(to - from);
  };
  const core::Origin& origin = put.header.origin;
  return {offset(head.first.sequence, put.id.sequence),
          offset(to_ms(head.header.accepted_at), to_ms(put.header.accepted_at)),
          offset(head.header.origin.batch, origin.batch), static_cast<std::uint16_t>(origin.index),
          put.payload.view()};
}

}  // namespace

// ---- reading ----

namespace {

BundleHead read_head(Reader& in, const JobId& last, std::size_t& jobs, bool& sound) {
  BundleHead head;
  core::JobHeader& header = head.header;
  const std::uint8_t flags = in.u8();
  header.at_most_once = (flags & layout::job_flag::at_most_once) != 0;
  const std::uint8_t result = in.u8();
  header.result = static_cast<wire::ResultMode>(result);
  jobs = in.u16();
  head.first = {last.queue, last.priority, in.u64()};
  header.accepted_at = in.time();
  head.lifetime_ms = in.u64();
  header.attempts_max = in.u32();
  header.backoff_ms = in.u32();
  header.time_limit_ms = in.u64();
  if (has_origin(header)) {
    header.origin.session = in.uuid();
    header.origin.batch = in.u64();
  }
  sound = !in.failed() && (flags & ~layout::job_flag::all) == 0 && jobs != 0 &&
          jobs <= layout::bundle_jobs_max &&
          result <= static_cast<std::uint8_t>(wire::ResultMode::keep) &&
          head.first.sequence <= last.sequence;
  return head;
}

BundleEntry read_bundled(Reader& in, bool with_origin) {
  BundleEntry entry;
  entry.sequence = in.u16();
  entry.accepted_ms = in.u16();
  const std::uint16_t size = in.u16();
  if (with_origin) {
    entry.batch = in.u16();
    entry.index = in.u16();
  }
  entry.payload = in.bytes(size);
  return entry;
}

}  // namespace

std::optional<Fault> Bundle::read(std::string_view key, std::string_view record) {
  if (const auto body = unseal(layout::Kind::bundle, key, record); !body) return body.error();
  return read_verified(key, record);
}

[[gnu::flatten]] std::optional<Fault> Bundle::read_verified(std::string_view key,
                                                            std::string_view record) {
  entries_.clear();
  const auto last = read_job_key(key);
  if (!last || record.size() > layout::bundle_bytes_max) return Fault::shape;
  if (static_cast<std::uint8_t>(record[1]) != static_cast<std::uint8_t>(layout::Kind::bundle))
    return Fault::kind;
  Reader in(record.substr(layout::envelope_bytes));
  std::size_t jobs = 0;
  bool sound = false;
  head_ = read_head(in, *last, jobs, sound);
  const bool with_origin = has_origin(head_.header);
  const std::uint64_t span = last->sequence - head_.first.sequence;
  std::uint64_t from = 0;
  for (std::size_t i = 0; sound && i < jobs; ++i) {
    const BundleEntry& entry = entries_.emplace_back(read_bundled(in, with_origin));
    sound = !in.failed() && entry.sequence >= from && entry.sequence <= span &&
            entry.payload.size() <= limits::inline_payload_bytes;
    from = std::uint64_t{entry.sequence} + 1;
  }
  left_ = entries_.size();
  record_bytes_ = record.size();
  if (sound && in.complete()) return std::nullopt;
  entries_.clear();
  return Fault::shape;
}

JobId Bundle::id(std::size_t at) const {
  return {head_.first.queue, head_.first.priority, head_.first.sequence + entries_[at].sequence};
}

JobView Bundle::job(std::size_t at) const {
  const BundleEntry& entry = entries_[at];
  JobView job;
  job.header = head_.header;
  const std::uint64_t accepted = to_ms(head_.header.accepted_at) + entry.accepted_ms;
  job.header.accepted_at = from_ms(accepted);
  if (head_.lifetime_ms != 0) job.header.expires_at = from_ms(accepted + head_.lifetime_ms);
  if (has_origin(head_.header)) {
    job.header.origin.batch += entry.batch;
    job.header.origin.index = entry.index;
  }
  job.payload = entry.payload;
  job.payload_bytes = static_cast<std::uint32_t>(entry.payload.size());
  return job;
}

std::size_t Bundle::above(Sequence sequence) const {
  const auto found = std::partition_point(
      entries_.begin(), entries_.end(),
      [&](const BundleEntry& entry) { return head_.first.sequence + entry.sequence <= sequence; });
  return static_cast<std::size_t>(found - entries_.begin());
}

std::optional<std::size_t> Bundle::find(Sequence sequence, std::size_t maybe) const {
  const auto is_at = [&](std::size_t at) {
    return at < entries_.size() && head_.first.sequence + entries_[at].sequence == sequence;
  };
  const std::size_t at = is_at(maybe) ? maybe : above(sequence) - 1;  // before the first: no index
  if (!is_at(at) || entries_[at].dropped) return std::nullopt;
  return at;
}

// ---- leaving ----

void Bundle::drop(std::size_t at) {
  BundleEntry& entry = entries_[at];
  ZCREW_CHECK(!entry.dropped);
  entry.dropped = true;
  --left_;
  record_bytes_ -= entry_bytes(head_.header) + entry.payload.size();
}

void Bundle::write(std::string_view key, char* record) const {
  Writer out(record + layout::envelope_bytes);
  write_head(out, head_, left_);
  for (const BundleEntry& entry : entries_)
    if (!entry.dropped) write_bundled(out, head_, entry);
  seal_bundle(key, record, out);
}

// ---- making ----

bool BundleDraft::suits(const core::PutJob& put) {
  const core::JobHeader& header = put.header;
  return put.due == WallTime{} && put.payload.size() <= limits::inline_payload_bytes &&
         header.failures == 0 && header.crashes == 0 && header.handouts == 0 &&
         header.handout_epoch == 0 && header.origin.index <= offset_max &&
         (header.expires_at == WallTime{} || header.expires_at > header.accepted_at);
}

// Whether the job has what the others share, and what is counted from the first can be written.
bool BundleDraft::accords(const core::PutJob& put) const {
  const core::JobHeader& ours = head_.header;
  const core::JobHeader& its = put.header;
  const auto near = [](std::uint64_t from, std::uint64_t to) {
    return to >= from && to - from <= offset_max;
  };
  const bool same = put.id.queue == head_.first.queue && put.id.priority == head_.first.priority &&
                    its.attempts_max == ours.attempts_max && its.backoff_ms == ours.backoff_ms &&
                    its.time_limit_ms == ours.time_limit_ms && its.result == ours.result &&
                    its.at_most_once == ours.at_most_once && lifetime_ms(its) == head_.lifetime_ms;
  return same && put.id > last() && near(head_.first.sequence, put.id.sequence) &&
         near(to_ms(ours.accepted_at), to_ms(its.accepted_at)) &&
         (!has_origin(ours) ||
          (its.origin.session == ours.origin.session && near(ours.origin.batch, its.origin.batch)));
}

bool BundleDraft::add(const core::PutJob& put) {
  if (puts_.empty()) {
    head_ = head_of(put);
    record_bytes_ = head_bytes(put.header);
  } else if (!accords(put)) {
    return false;
  }
  const std::size_t bytes = entry_bytes(put.header) + put.payload.size();
  const bool fits =
      puts_.size() < layout::bundle_jobs_max && record_bytes_ + bytes <= layout::bundle_bytes_max;
  if (!fits) return false;
  puts_.push_back(&put);
  record_bytes_ += bytes;
  return true;
}

void BundleDraft::write(std::string_view key, char* record) const {
  Writer out(record + layout::envelope_bytes);
  write_head(out, head_, puts_.size());
  for (const core::PutJob* put : puts_) write_bundled(out, head_, entry_of(head_, *put));
  seal_bundle(key, record, out);
}

}  // namespace zcrew::journal
