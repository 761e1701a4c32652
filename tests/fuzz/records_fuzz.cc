// Fuzzes the readers of the journal's records: whatever bytes are read are a record or a fault, and
// what is taken for a record survives being written and read again.
//
// Input: which reader, in its lower five bits (the record's kind), and whether its envelope is made
// right first, so that the body's bytes matter (the highest); the length of the key; the key; the
// record.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "journal/bundle_codec.h"
#include "journal/row_codec.h"

namespace {

using namespace zcrew;
using namespace zcrew::journal;
using layout::Kind;

// What a reader takes is written, perhaps with longer words cut, as what it reads the same.
template <typename Read, typename Write>
void round_trip(std::string_view record, Read read, Write write) {
  const auto value = read(record);
  if (!value) {
    ZCREW_CHECK(!text_of(value.error()).empty());
    return;
  }
  const std::string written = write(*value);
  const auto same = read(written);
  ZCREW_CHECK(same && write(*same) == written);
}

// A job may have another history entry to come, and its history be damaged.
void read_as_job(Kind kind, std::string_view key, std::string_view record) {
  const auto read = [&](std::string_view bytes) { return read_job(kind, key, bytes); };
  round_trip(record, read, [&](const JobView& view) {
    std::string bytes(job_record_size(kind, view), '\0');
    write_job(kind, key, view, bytes.data());
    return bytes;
  });
  auto job = read(record);
  if (!job) return;
  const bool sound = bool(read_history(*job));
  std::string memory;
  append_history(*job, {WallTime{}, 1, "failed", "worker", "why"}, memory);
  ZCREW_CHECK(job->history_count <= limits::history_entries_max);
  ZCREW_CHECK(!sound || bool(read_history(*job)));
}

// Without any of its jobs but the last it is a bundle too.
void read_as_bundle(std::string_view key, std::string_view record) {
  const auto read = [&](std::string_view bytes) -> Result<Bundle, Fault> {
    Bundle bundle;
    if (const auto fault = bundle.read(key, bytes)) return Unexpected{*fault};
    return bundle;
  };
  const auto write = [&](const Bundle& bundle) {
    std::string bytes(bundle.record_bytes(), '\0');
    bundle.write(key, bytes.data());
    return bytes;
  };
  round_trip(record, read, write);
  auto bundle = read(record);
  if (!bundle) return;
  while (bundle->left() > 1) bundle->drop(bundle->size() - bundle->left());
  const std::string last = write(*bundle);
  const auto rest = read(last);
  ZCREW_CHECK(rest && rest->id(0) == bundle->id(bundle->size() - 1) &&
              rest->job(0).payload == bundle->job(bundle->size() - 1).payload);
}

void read_as(Kind kind, std::string_view key, std::string_view record) {
  const auto keyed = [&](auto read, auto write) {
    round_trip(
        record, [&](std::string_view bytes) { return read(key, bytes); },
        [&](const auto& value) { return write(key, value); });
  };
  switch (kind) {
    case Kind::format:
      return round_trip(record, read_format, write_format);
    case Kind::epoch:
      return round_trip(record, read_epoch, write_epoch);
    case Kind::sequences:
      return round_trip(record, read_sequences, write_sequences);
    case Kind::commit:
      return round_trip(record, read_commit, write_commit);
    case Kind::queue:
      return keyed(read_queue, write_queue);
    case Kind::counts:
      return keyed(read_counts, write_counts);
    case Kind::job:
    case Kind::dead:
      return read_as_job(kind, key, record);
    case Kind::chunk: {
      const auto chunk = unseal(kind, key, record);
      ZCREW_CHECK(!chunk || chunk->size() == record.size() - layout::envelope_bytes);
      return;
    }
    case Kind::due:
      return keyed(read_due, write_due);
    case Kind::held:
      return keyed(read_held, write_held);
    case Kind::instance:
      return keyed(read_instance, write_instance);
    case Kind::session:
      return keyed(read_session, write_session);
    case Kind::result:
      return keyed(read_result, write_result);
    case Kind::bundle:
      return read_as_bundle(key, record);
    case Kind::index:
      return keyed(read_index, [](std::string_view of, bool) { return write_index(of); });
  }
}

std::string_view key_of(Kind kind, std::string_view key) {
  switch (kind) {
    case Kind::format:
      return layout::format_row;
    case Kind::epoch:
      return layout::epoch_row;
    case Kind::sequences:
      return layout::sequences_row;
    case Kind::commit:
      return layout::commit_row;
    default:
      return key;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.size() < 2) return 0;
  const auto kind = static_cast<Kind>(data[0] & 31U);
  const bool sealed = (data[0] & 128U) != 0;
  const std::string_view key = key_of(kind, input.substr(2, data[1]));
  input.remove_prefix(std::min<std::size_t>(input.size(), 2U + data[1]));
  std::string record(input);
  if (sealed && record.size() >= layout::envelope_bytes) {
    seal(kind, key, record.data(), record.size());
  }
  read_as(kind, key, record);
  return 0;
}
