// A producer's jobs and the batches they travel in. Pure.
//
// Jobs are found by ticket, and a batch is a range of tickets, so that no job needs a map entry.
// Settled means: confirmed, finished or refused; a settled job's payload is freed at once.
//
//        settled       |   numbered: batches floor … next - 1     |   not numbered yet
//   ───────────────────┼───────────────────┬──────────────────────┼────────────────────►  tickets
//                      │  sent, unanswered │  to be sent (again)  │
//                    floor             next_to_send             next
//
// A number, once sent, keeps its jobs until the router has said that it did not accept the batch;
// only then may unpack() free the number for other jobs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/job_options.h"
#include "wire/messages.h"
#include "zcrew/client.h"

namespace zcrew::client {

struct Room {
  std::uint64_t jobs = 0;
  std::uint64_t bytes = 0;  // of payloads
};

struct Batch {
  Ticket first = 0;
  std::uint32_t count = 0;       // indexes 0 … count - 1; some may have been settled before
  std::uint32_t open = 0;        // jobs not settled
  std::uint64_t open_bytes = 0;  // of their payloads
  std::uint64_t serial = 0;      // of its SUBMIT on this connection; 0 = not sent (again) yet
  bool sent_before = false;      // on an earlier connection, or before a new HELLO on this one
};

// What a router's word settled: consecutive tickets with equal options, all of one batch.
struct SettledRun {
  Ticket first = 0;
  std::uint32_t count = 0;
  std::uint32_t offset = 0;  // of the first among those the router named
  bool wants_result = false;
};

class Ledger {
 public:
  // Of the jobs added from now on, which the first needs.
  void set_options(JobOptions options);
  [[nodiscard]] const JobOptions& options() const { return runs_.back().options; }
  Ticket add(std::string&& payload);

  [[nodiscard]] std::uint64_t floor() const { return floor_; }
  [[nodiscard]] std::uint64_t next() const { return floor_ + batches_.size(); }
  [[nodiscard]] std::uint64_t next_to_send() const { return next_to_send_; }
  [[nodiscard]] Room in_flight() const { return in_flight_; }

  // nullptr for a number that is not in floor … next - 1.
  [[nodiscard]] Batch* find(std::uint64_t number);

  // Numbers a batch of jobs that have no number yet: as many as fit one message and `room`, but one
  // in any case if nothing is in flight. False if that is none.
  bool pack(Room room);
  // Takes the numbers from `number` on back; their jobs wait to be packed again.
  void unpack(std::uint64_t number);

  // The number of the first batch to be sent that still has open jobs; nullopt if there is none.
  std::optional<std::uint64_t> to_send();
  // The batch as a message: its open jobs, each under its index. A payload above the limit is left
  // out: only a batch the router has already can have one (see settle_larger).
  void write(std::uint64_t number, std::uint64_t payload_bytes_max, wire::Submit& message);
  // It was sent as the connection's `serial`th SUBMIT. Requires number == to_send().
  void sent(std::uint64_t number, std::uint64_t serial);
  // Batches from `number` on are to be sent again.
  void rewind(std::uint64_t number);
  // As rewind(floor()), and what was sent counts as sent before.
  void rewind_all();

  // Settle jobs; what is settled already, or was never sent, is left alone.
  void settle(std::uint64_t number, std::uint32_t index, std::uint32_t count,
              std::vector<SettledRun>& runs);
  // As settle(), for a batch that the router has not accepted: a batch left without jobs gives its
  // number to what comes next.
  void refuse(std::uint64_t number, std::uint32_t index, std::uint32_t count,
              std::vector<SettledRun>& runs);
  // The last job added, which has no number yet.
  void settle_last();
  // Every open job whose payload is above the limit, unless a batch up to `last_batch` has it.
  void settle_larger(std::uint64_t payload_bytes_max, std::uint64_t last_batch,
                     std::vector<Ticket>& tickets);

  // Counted since the last call.
  struct Settled {
    std::size_t jobs = 0;
    std::uint64_t bytes = 0;
  };
  Settled take_settled();

 private:
  struct Slot {
    Slot(std::string&& its_payload, bool its_wish)
        : payload(std::move(its_payload)), wants_result(its_wish) {}
    std::string payload;
    bool open = true;
    bool wants_result = false;
  };
  // nullptr for a job that is settled.
  [[nodiscard]] Slot* open_slot(Ticket ticket);
  // Where rising tickets have led among the runs of equal options.
  struct RunWalk {
    std::size_t run = 0;
    Ticket end = 0;  // the first ticket behind it
  };
  void enter_run_of(Ticket ticket, RunWalk& walk) const;
  [[nodiscard]] std::size_t run_of(Ticket ticket) const;
  [[nodiscard]] Ticket next_ticket() const { return first_ticket_ + slots_.size(); }
  void close(Slot& job);
  void close_range(std::uint64_t number, std::uint32_t index, std::uint32_t count,
                   std::vector<SettledRun>& runs);
  void close_in(Batch& batch, std::uint64_t number, Slot& job);
  void drop_settled();

  std::deque<Slot> slots_;  // of first_ticket_, first_ticket_ + 1, …
  Ticket first_ticket_ = 1;
  std::deque<OptionsRun> runs_;
  Ticket unpacked_ = 1;  // the first ticket without a batch

  std::deque<Batch> batches_;  // of floor_, floor_ + 1, …
  std::uint64_t floor_ = 1;
  std::uint64_t next_to_send_ = 1;
  Room in_flight_;  // open jobs of the batches below next_to_send_
  Settled settled_;
};

}  // namespace zcrew::client
