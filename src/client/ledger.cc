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

Ticket Ledger::add(Job&& job) {
  const Ticket ticket = next_ticket();
  if (runs_.empty() || !runs_.back().options.fits(job)) {
    runs_.push_back(Run{ticket, JobOptions(job)});
  }
  slots_.push_back(Slot{std::move(job.payload), true, job.wants_result});
  return ticket;
}

Batch* Ledger::find(std::uint64_t number) {
  if (number < floor_ || number >= next()) return nullptr;
  return &batches_[number - floor_];
}

bool Ledger::is_open(Ticket ticket) const { return ticket >= first_ticket_ && slot(ticket).open; }

std::size_t Ledger::run_of(Ticket ticket) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), ticket,
                       [](Ticket wanted, const Run& run) { return wanted < run.first; });
  ZCREW_CHECK(after != runs_.begin());
  return static_cast<std::size_t>(after - runs_.begin()) - 1;
}

bool Ledger::pack(Room room) {
  unpacked_ = std::max(unpacked_, first_ticket_);
  while (unpacked_ < next_ticket() && !slot(unpacked_).open) ++unpacked_;
  if (unpacked_ == next_ticket()) return false;
  Batch batch;
  batch.first = unpacked_;
  const bool must = in_flight_.jobs == 0;
  std::size_t run = run_of(unpacked_);
  std::size_t message_bytes = group_bytes;
  for (; unpacked_ < next_ticket() && batch.count < limits::entries_per_message_max; ++unpacked_) {
    const Slot& job = slot(unpacked_);
    if (job.open) {
      if (run + 1 < runs_.size() && runs_[run + 1].first <= unpacked_) {
        run = run_of(unpacked_);
        message_bytes += group_bytes;
      }
      message_bytes += job.payload.size() + item_bytes;
      const bool has_room =
          batch.open < room.jobs && batch.open_bytes + job.payload.size() <= room.bytes;
      const bool goes_first = batch.open == 0;
      if (goes_first ? !has_room && !must
                     : !has_room || message_bytes > limits::message_bytes_target) {
        break;
      }
      ++batch.open;
      batch.open_bytes += job.payload.size();
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

void Ledger::write(std::uint64_t number, std::uint64_t payload_bytes_max,
                   wire::Submit& message) const {
  message.batch = number;
  message.floor = floor_;
  const Batch& batch = batches_[number - floor_];
  std::size_t run = run_of(std::max(batch.first, first_ticket_));
  bool fresh = true;
  for (std::uint32_t index = 0; index < batch.count; ++index) {
    const Ticket ticket = batch.first + index;
    if (!is_open(ticket)) continue;
    if (run + 1 < runs_.size() && runs_[run + 1].first <= ticket) {
      run = run_of(ticket);
      fresh = true;
    }
    if (fresh) {
      message.groups.push_back({runs_[run].options.to_wire(), {}});
      const bool alone =
          run + 1 == runs_.size() || runs_[run + 1].first >= batch.first + batch.count;
      if (alone) message.groups.back().items.reserve(batch.count - index);
      fresh = false;
    }
    const std::string& payload = slot(ticket).payload;
    const bool too_large = payload.size() > payload_bytes_max;
    message.groups.back().items.push_back(
        {index, too_large ? std::string_view{} : std::string_view{payload}, {}});
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

void Ledger::close(Ticket ticket) {
  Slot& job = slots_[ticket - first_ticket_];
  ZCREW_CHECK(job.open);
  job.open = false;
  ++settled_.jobs;
  settled_.bytes += job.payload.size();
  std::string().swap(job.payload);
}

void Ledger::close_in(Batch& batch, std::uint64_t number, Ticket ticket) {
  const std::size_t bytes = slot(ticket).payload.size();
  --batch.open;
  batch.open_bytes -= bytes;
  if (number < next_to_send_) {
    --in_flight_.jobs;
    in_flight_.bytes -= bytes;
  }
  close(ticket);
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
    const Ticket ticket = batch->first + i;
    if (!is_open(ticket)) {
      joins = false;
      continue;
    }
    const bool wants_result = slot(ticket).wants_result;
    close_in(*batch, number, ticket);
    if (joins && runs.back().wants_result == wants_result) {
      ++runs.back().count;
    } else {
      runs.push_back({ticket, 1, i - index, wants_result});
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
  close(next_ticket() - 1);
  drop_settled();
}

void Ledger::settle_larger(std::uint64_t payload_bytes_max, std::uint64_t last_batch,
                           std::vector<Ticket>& tickets) {
  const auto too_large = [&](Ticket ticket) {
    return is_open(ticket) && slot(ticket).payload.size() > payload_bytes_max;
  };
  std::uint64_t emptied = next();
  for (std::uint64_t number = next(); number-- > std::max(floor_, last_batch + 1);) {
    Batch& batch = batches_[number - floor_];
    for (Ticket ticket = batch.first; ticket < batch.first + batch.count; ++ticket) {
      if (!too_large(ticket)) continue;
      close_in(batch, number, ticket);
      tickets.push_back(ticket);
      if (batch.open == 0) emptied = number;
    }
  }
  for (Ticket ticket = std::max(unpacked_, first_ticket_); ticket < next_ticket(); ++ticket) {
    if (!too_large(ticket)) continue;
    close(ticket);
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
