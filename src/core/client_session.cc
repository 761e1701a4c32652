#include "core/client_session.h"

#include <algorithm>

#include "base/check.h"

namespace zcrew::core {

void ClientSession::raise_floor(std::uint64_t floor) {
  floor_ = std::max(floor_, floor);
  while (!batches_.empty() && batches_.front().number < floor_) {
    // A client that no longer asks for a batch has its confirms, or gave up on them.
    confirm_rest(batches_.front(), [](const BatchRun&) {});
    runs_ -= batches_.front().runs.size();
    batches_.pop_front();
  }
}

void ClientSession::hello(std::uint64_t floor) {
  last_batch_ = std::max(last_batch_, floor - 1);
  raise_floor(floor);
}

void ClientSession::accept(Batch batch, std::uint32_t new_jobs) {
  ZCREW_CHECK(batch.number == last_batch_ + 1);
  last_batch_ = batch.number;
  unconfirmed_jobs_ += new_jobs;
  unconfirmed_bytes_ += batch.bytes;
  runs_ += batch.runs.size();
  batches_.push_back(std::move(batch));
}

Batch* ClientSession::find(std::uint64_t number) {
  if (batches_.empty() || number > batches_.back().number) return nullptr;
  const std::uint64_t first = batches_.front().number;
  if (number < first) return nullptr;
  // Numbers are consecutive: a floor that HELLO moves ahead of the last one leaves none.
  const std::uint64_t offset = number - first;
  ZCREW_CHECK(batches_[offset].number == number);
  return &batches_[offset];
}

bool ClientSession::confirm(Batch& batch, std::uint32_t index, std::uint64_t bytes) {
  if (batch.all_confirmed || index >= batch.jobs) return false;
  if (batch.confirmed.empty()) batch.confirmed.resize(batch.jobs);
  if (batch.confirmed[index]) return false;
  batch.confirmed[index] = true;
  --unconfirmed_jobs_;
  unconfirmed_bytes_ -= bytes;
  batch.bytes -= bytes;
  return true;
}

PutSession ClientSession::to_record(WallTime now) const {
  PutSession record{uuid_, last_batch_, now, {}};
  for (const Batch& batch : batches_) {
    record.runs.insert(record.runs.end(), batch.runs.begin(), batch.runs.end());
  }
  return record;
}

ClientSession ClientSession::from_record(const PutSession& record) {
  ClientSession session(record.session, "");
  session.last_batch_ = record.last_batch;
  session.last_seen = record.last_seen;
  session.in_journal = true;
  session.runs_ = record.runs.size();
  for (const BatchRun& run : record.runs) {
    if (session.batches_.empty() || session.batches_.back().number != run.batch) {
      Batch batch;
      batch.number = run.batch;
      batch.wants_results =
          true;  // not known any more; asking for results that are not there is free
      batch.all_confirmed = true;  // what the journal has is durable
      session.batches_.push_back(std::move(batch));
    }
    Batch& batch = session.batches_.back();
    batch.runs.push_back(run);
    batch.jobs = std::max(batch.jobs, run.index + run.count);
  }
  return session;
}

}  // namespace zcrew::core
