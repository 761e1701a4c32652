#include "fixtures.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace zcrew::test {

using core::Place;

namespace {

// A file system in memory if there is one: these tests are about what is kept when a process dies,
// not about disks, and a flush costs nothing there.
std::filesystem::path parent_directory() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (parent_directory() / "zcrew-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

lmdb::DiskCalls endless_disk() {
  return {[](int, std::uint64_t, std::uint64_t) { return 0; },
          [](int) { return std::uint64_t{1} << 40U; }};
}

std::vector<core::Record> apart(const std::vector<core::PutJob>& jobs) {
  std::vector<core::Record> records;
  for (core::PutJob job : jobs) {
    if (records.size() % 2 == 1) ++job.header.attempts_max;
    records.emplace_back(job);
  }
  return records;
}

Uuid uuid_of(std::uint8_t byte) {
  Uuid uuid;
  uuid.bytes.fill(byte);
  return uuid;
}

// Bytes that differ along the way, so that a chunk in the wrong place shows.
Payload bytes_of(std::size_t size, char letter) {
  std::string bytes(size, letter);
  for (std::size_t i = 0; i < size; i += 97) bytes[i] = static_cast<char>('a' + i / 97 % 26);
  return Payload::copy_of(bytes);
}

core::PutJob job_of(const JobId& id, std::size_t payload_bytes) {
  core::PutJob put;
  put.id = id;
  put.header.accepted_at = from_ms(1000);
  put.header.attempts_max = 5;
  put.header.backoff_ms = 1000;
  put.payload = bytes_of(payload_bytes);
  return put;
}

core::PutResult result_of(const JobId& id, std::uint64_t expires_ms, std::size_t bytes) {
  core::PutResult put;
  put.id = id;
  put.attempts = 1;
  put.origin = {uuid_of(9), 3, 4};
  put.worker = "w1";
  put.bytes = bytes_of(bytes);
  put.expires_at = from_ms(expires_ms);
  return put;
}

// ---- Author ----

std::uint64_t& Author::place_count(core::QueueCounts& counts, Place place) {
  return place == Place::ready ? counts.ready : place == Place::later ? counts.later : counts.dead;
}

void Author::move(const JobId& id, Place to) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;  // a bug that a test makes on purpose
  core::QueueCounts& counts = counts_[id.queue];
  --place_count(counts, found->second.place);
  if (to == Place::none) {
    counts.bytes -= found->second.bytes;
    jobs_.erase(found);
  } else {
    ++place_count(counts, to);
    found->second.place = to;
  }
}

void Author::account(const core::Record& record) {
  if (const auto* run = std::get_if<core::PutJobs>(&record)) {
    const core::PutJob* const put = &run->first;
    const Place place = put->due == WallTime{} ? Place::ready : Place::later;
    jobs_[put->id] = {place, put->payload.size()};
    core::QueueCounts& counts = counts_[put->id.queue];
    ++place_count(counts, place);
    counts.bytes += put->payload.size();
    ++counters_.accepted;
  } else if (const auto* ends = std::get_if<core::RemoveJobs>(&record)) {
    const core::RemoveJob* const remove = &ends->first;
    move(remove->id, Place::none);
    ++(remove->place == Place::dead ? counters_.removed : counters_.done);
  } else if (const auto* later = std::get_if<core::MoveToLater>(&record)) {
    move(later->id, Place::later);
  } else if (const auto* ready = std::get_if<core::MoveToReady>(&record)) {
    move(ready->id, Place::ready);
  } else if (const auto* dead = std::get_if<core::MoveToDead>(&record)) {
    move(dead->id, Place::dead);
  } else if (const auto* redrive = std::get_if<core::Redrive>(&record)) {
    move(redrive->id, Place::ready);
  }
}

Step Author::step(std::vector<core::Record> records) {
  for (const core::Record& record : records) account(record);
  if (!began_) {
    began_ = true;
    for (const QueueNumber number : {1U, 2U, 3U}) {
      core::PutQueue queue;
      queue.number = number;
      queue.settings.name = "queue-" + std::to_string(number);
      records.emplace_back(queue);
    }
    records.emplace_back(core::ReserveSequences{Sequence{1} << 40U});
  }
  last_ += records.size();
  core::Totals totals;
  totals.counters = counters_;
  for (const auto& counts : counts_) totals.changed.push_back(counts);
  totals.sessions = std::exchange(sessions_, {});
  return {std::move(records), std::move(totals)};
}

journal::Batch Author::batch(std::vector<core::Record> records) {
  Step made = step(std::move(records));
  journal::Batch batch;
  for (core::Record& record : made.records) batch.add(std::move(record));
  batch.last = last_;
  batch.totals = std::move(made.totals);
  return batch;
}

}  // namespace zcrew::test
