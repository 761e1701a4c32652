#include "client/ledger.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace zcrew::client {
namespace {

// What a job and a group of equal options cost in a message beside payload and queue name, rounded
// up: closing a message a little early is harmless.
constexpr std::size_t item_bytes = 12;
constexpr std::size_t group_bytes = 48;

}  // namespace

void Ledger::set_options(JobOptions options) {
  if (!runs_.empty() && runs_.back().options == options) return;
  runs_.push_back({next_ticket(), std::move(options)});
}

Ticket Ledger::add(std::string&& payload) {
  slots_.emplace_back(std::move(payload), options().wants_result());
  return next_ticket() - 1;
}

Batch* Ledger::find(std::uint64_t number) {
  if (number < floor_ || number >= next()) return nullptr;
  return &batches_[number - floor_];
}

Ledger::Slot* Ledger::open_slot(Ticket ticket) {
  if (ticket < first_ticket_) return nullptr;
  Slot& job = slots_[ticket - first_ticket_];
  return job.open ? &job : nullptr;
}

std::size_t Ledger::run_of(Ticket ticket) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), ticket,
                       [](Ticket wanted, const OptionsRun& run) { return wanted < run.first; });
  ZCREW_CHECK(after != runs_.begin());
  return static_cast<std::size_t>(after - runs_.begin()) - 1;
}

void Ledger::enter_run_of(Ticket ticket, RunWalk& walk) const {
  walk.run = ticket == walk.end ? walk.run + 1 : run_of(ticket);
  walk.end = walk.run + 1 < runs_.size() ? runs_[walk.run + 1].first : next_ticket();
}

bool Ledger::pack(Room room) {
  unpacked_ = std::max(unpacked_, first_ticket_);
  while (unpacked_ < next_ticket() && open_slot(unpacked_) == nullptr) ++unpacked_;
  if (unpacked_ == next_ticket()) return false;
  Batch batch;
  batch.first = unpacked_;
  const bool must = in_flight_.jobs == 0;
  std::size_t message_bytes = 0;
  RunWalk walk;
  for (; unpacked_ < next_ticket() && batch.count < limits::entries_per_message_max; ++unpacked_) {
    if (const Slot* job = open_slot(unpacked_)) {
      const std::size_t bytes = job->payload.size();
      if (unpacked_ >= walk.end) {
        enter_run_of(unpacked_, walk);
        message_bytes += group_bytes;
      }
      message_bytes += bytes + item_bytes;
      const bool has_room = batch.open < room.jobs && batch.open_bytes + bytes <= room.bytes;
      const bool goes_first = batch.open == 0;
      if (goes_first ? !has_room && !must
                     : !has_room || message_bytes > limits::message_bytes_target) {
        break;
      }
      ++batch.open;
      batch.open_bytes += bytes;
    }
    ++batch.count;
  }
  if (batch.open == 0) return false;
  batches_.push_back(batch);
  return true;
}

void Ledger::unpack(std::uint64_t number) {
  if (number < floor_ || number >= next()) return;
  rewind(number);
  unpacked_ = batches_[number - floor_].first;
  batches_.resize(number - floor_);
}

std::optional<std::uint64_t> Ledger::to_send() {
  while (next_to_send_ < next() && batches_[next_to_send_ - floor_].open == 0) ++next_to_send_;
  if (next_to_send_ == next()) return std::nullopt;
  return next_to_send_;
}

void Ledger::write(std::uint64_t number, std::uint64_t payload_bytes_max, wire::Submit& message) {
  message.batch = number;
  message.floor = floor_;
  const Batch& batch = batches_[number - floor_];
  RunWalk walk;
  for (std::uint32_t index = 0; index < batch.count; ++index) {
    const Ticket ticket = batch.first + index;
    const Slot* const job = open_slot(ticket);
    if (job == nullptr) continue;
    if (ticket >= walk.end) {
      enter_run_of(ticket, walk);
      message.groups.push_back({runs_[walk.run].options.to_wire(), {}});
      const bool is_last = walk.end >= batch.first + batch.count;
      if (is_last) message.groups.back().items.reserve(batch.count - index);
    }
    const bool too_large = job->payload.size() > payload_bytes_max;
    message.groups.back().items.push_back(
        {index, too_large ? std::string_view{} : std::string_view{job->payload}, {}});
  }
}

void Ledger::sent(std::uint64_t number, std::uint64_t serial) {
  ZCREW_CHECK(number == next_to_send_);
  Batch& batch = batches_[number - floor_];
  batch.serial = serial;
  in_flight_.jobs += batch.open;
  in_flight_.bytes += batch.open_bytes;
  ++next_to_send_;
}

void Ledger::rewind(std::uint64_t number) {
  ZCREW_CHECK(number >= floor_);
  while (next_to_send_ > number) {
    Batch& batch = batches_[--next_to_send_ - floor_];
    in_flight_.jobs -= batch.open;
    in_flight_.bytes -= batch.open_bytes;
    batch.serial = 0;
  }
}

void Ledger::rewind_all() {
  for (std::uint64_t number = floor_; number < next_to_send_; ++number) {
    batches_[number - floor_].sent_before = true;
  }
  rewind(floor_);
  ZCREW_CHECK(in_flight_.jobs == 0 && in_flight_.bytes == 0);
}

void Ledger::close(Slot& job) {
  ZCREW_CHECK(job.open);
  job.open = false;
  ++settled_.jobs;
  settled_.bytes += job.payload.size();
  std::string().swap(job.payload);
}

void Ledger::close_in(Batch& batch, std::uint64_t number, Slot& job) {
  const std::size_t bytes = job.payload.size();
  --batch.open;
  batch.open_bytes -= bytes;
  if (number < next_to_send_) {
    --in_flight_.jobs;
    in_flight_.bytes -= bytes;
  }
  close(job);
}

void Ledger::close_range(std::uint64_t number, std::uint32_t index, std::uint32_t count,
                         std::vector<SettledRun>& runs) {
  Batch* batch = find(number);
  if (batch == nullptr || index >= batch->count) return;
  const bool was_sent = batch->serial != 0 || batch->sent_before;
  if (!was_sent) return;
  const std::uint32_t end = index + std::min(count, batch->count - index);
  bool joins = false;
  for (std::uint32_t i = index; i < end; ++i) {
    Slot* const job = open_slot(batch->first + i);
    if (job == nullptr) {
      joins = false;
      continue;
    }
    close_in(*batch, number, *job);
    if (joins && runs.back().wants_result == job->wants_result) {
      ++runs.back().count;
    } else {
      runs.push_back({batch->first + i, 1, i - index, job->wants_result});
      joins = true;
    }
  }
}

void Ledger::settle(std::uint64_t number, std::uint32_t index, std::uint32_t count,
                    std::vector<SettledRun>& runs) {
  close_range(number, index, count, runs);
  drop_settled();
}

void Ledger::refuse(std::uint64_t number, std::uint32_t index, std::uint32_t count,
                    std::vector<SettledRun>& runs) {
  close_range(number, index, count, runs);
  const Batch* batch = find(number);
  if (batch != nullptr && batch->open == 0) unpack(number);
  drop_settled();
}

void Ledger::settle_last() {
  close(slots_.back());
  drop_settled();
}

void Ledger::settle_larger(std::uint64_t payload_bytes_max, std::uint64_t last_batch,
                           std::vector<Ticket>& tickets) {
  const auto too_large = [&](Ticket ticket) -> Slot* {
    Slot* const job = open_slot(ticket);
    return job != nullptr && job->payload.size() > payload_bytes_max ? job : nullptr;
  };
  std::uint64_t emptied = next();
  for (std::uint64_t number = next(); number-- > std::max(floor_, last_batch + 1);) {
    Batch& batch = batches_[number - floor_];
    for (Ticket ticket = batch.first; ticket < batch.first + batch.count; ++ticket) {
      Slot* const job = too_large(ticket);
      if (job == nullptr) continue;
      close_in(batch, number, *job);
      tickets.push_back(ticket);
      if (batch.open == 0) emptied = number;
    }
  }
  for (Ticket ticket = std::max(unpacked_, first_ticket_); ticket < next_ticket(); ++ticket) {
    Slot* const job = too_large(ticket);
    if (job == nullptr) continue;
    close(*job);
    tickets.push_back(ticket);
  }
  // A batch without jobs cannot be sent; its number goes to what comes next.
  if (emptied < next()) unpack(emptied);
  drop_settled();
  std::sort(tickets.begin(), tickets.end());
}

void Ledger::drop_settled() {
  while (!slots_.empty() && !slots_.front().open) {
    slots_.pop_front();
    ++first_ticket_;
  }
  while (runs_.size() > 1 && runs_[1].first <= first_ticket_) runs_.pop_front();
  while (!batches_.empty() && batches_.front().open == 0) {
    batches_.pop_front();
    ++floor_;
  }
  next_to_send_ = std::max(next_to_send_, floor_);
}

Ledger::Settled Ledger::take_settled() { return std::exchange(settled_, {}); }

}  // namespace zcrew::client
