// A worker as the router sees it: who it is, what it can take, what it holds, and when it was
// heard. Pure data with its own arithmetic; written by WorkerDesk and Dispatcher.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "core/job.h"
#include "core/record.h"

namespace zcrew::core {

class WorkerGroup;

enum class Dialect : std::uint8_t {
  native,
  guide_byte,
  guide_word,
  guide,  // only replied so far, which does not tell how it spells: it gets no heartbeat
};

enum class WorkerState : std::uint8_t {
  joining,   // said HELLO; its old attempts are looked up, its name is on its way to disk
  active,    // takes jobs
  draining,  // finishes what it has
  suspect,   // its connection is gone; it may come back within the grace
};

// Where it stands in the order of one policy: smallest first.
struct ChoiceKey {
  std::uint64_t primary = 0;
  std::uint64_t last_used = 0;
  std::uint32_t number = 0;
  auto operator<=>(const ChoiceKey&) const = default;
};

struct Worker {
  std::uint32_t number = 0;  // in order of arrival; never used twice
  Uuid instance;             // zero for a Guide worker
  std::string name;
  Dialect dialect = Dialect::native;
  WorkerState state = WorkerState::joining;
  std::optional<Peer> peer;
  std::vector<QueueNumber> queues;
  std::uint32_t weight = 1;
  std::uint32_t counted_weight = 0;         // in its group
  std::uint32_t own_concurrency = 0;        // 0 = follows the weight
  std::optional<std::uint32_t> set_weight;  // by a person: counts for more than its HELLO's
  bool tell_weight = false;                 // it may believe in another than it has
  bool recalls = false;                     // it understands RECALL
  std::uint32_t connection = 0;             // of its last HELLO; 0 = it does not say

  // What it holds, oldest hand-out first.
  Job* first_held = nullptr;
  Job* last_held = nullptr;
  std::uint32_t held = 0;
  std::uint64_t held_bytes = 0;  // of their payloads
  std::uint64_t session = 0;     // of all workers' HELLOs, which one was its last
  std::uint32_t unsettled = 0;   // outcomes of that session that wait for the disk

  // Learned from outcomes; moving averages.
  std::uint64_t service_us = 0;     // of its jobs' run times; 0 = none yet
  std::uint64_t round_trip_us = 0;  // hand-out to outcome, less the time at the worker
  std::uint64_t slowness = 1000;    // permille: its run times beside its queues' means

  std::uint64_t done = 0;
  std::uint64_t failed = 0;

  // What it has beyond its places, and whether that moves on; see Recall.
  Instant quiet_since{};     // its last outcomes, or when it first had more than its places
  bool recall_open = false;  // none of the jobs recalled last has come back or ended yet

  // Liveness, in attended time.
  Instant last_heard{};
  Instant last_sent{};
  Duration allowance{};  // for a large message on its way
  Instant grace_end{};   // while suspect
  Instant check_at{};    // its entry in the desk's list of deadlines
  Instant lease_end{};   // a Guide worker's, once its job is sent
  bool overdue = false;  // a Guide worker whose lease is over; it may still be working

  // While joining.
  std::optional<std::uint64_t> lookup;  // request of the jobs it reported, under way
  JournalSequence lookup_sees = 0;      // what was recorded when it was asked for
  std::vector<Token> reported;  // what the lookup is about; the first `reported_held` are held
  std::size_t reported_held = 0;
  std::vector<Token> abandon;
  JournalSequence known_at = 0;  // number of its PutInstance

  // Its place among the others, kept by Dispatcher.
  WorkerGroup* group = nullptr;
  std::uint64_t virtual_time = 0;
  std::uint64_t last_used = 0;
  bool listed = false;
  std::array<std::size_t, 5> places{};  // in the order of each policy that is in use
  std::size_t position = 0;             // among those a random choice takes from
  std::uint32_t free_places = 0;
  static constexpr std::size_t nowhere = SIZE_MAX;
  std::size_t ahead_position = nowhere;  // among those that hold more than their places

  [[nodiscard]] std::uint32_t concurrency() const {
    if (dialect != Dialect::native) return 1;
    return own_concurrency != 0 ? own_concurrency : weight;
  }

  // Jobs sent ahead so that a slot never waits for the wire: enough for one round trip at the rate
  // at which the worker finishes (design D9). None for long jobs, and none before anything is
  // known.
  [[nodiscard]] std::uint32_t prefetch(std::uint32_t most, Duration run_max) const {
    if (dialect != Dialect::native || service_us == 0) return 0;
    if (service_us > static_cast<std::uint64_t>(run_max.count())) return 0;
    // Of jobs that take less than a microsecond, which is the least that a worker tells, there may
    // be four in one.
    const std::uint64_t round_trips = service_us > 1 ? 2 : 8;
    const std::uint64_t in_flight = round_trips * round_trip_us * concurrency() / service_us;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(in_flight + 3, most));
  }

  // How fast it is beside its peers, permille, within 1/16 … 16 of what its weight says.
  [[nodiscard]] std::uint64_t speed() const {
    const std::uint64_t speed = 1000000 / std::max<std::uint64_t>(slowness, 1);
    return std::clamp<std::uint64_t>(speed, 1000 / 16, 16000);
  }

  void link(Job& job) {
    job.worker = this;
    job.recalled = false;
    job.previous = last_held;
    job.next = nullptr;
    (last_held != nullptr ? last_held->next : first_held) = &job;
    last_held = &job;
    ++held;
    held_bytes += job.payload_bytes;
  }
  void unlink(Job& job) {
    ZCREW_CHECK(job.worker == this && held > 0);
    if (job.recalled) recall_open = false;
    (job.previous != nullptr ? job.previous->next : first_held) = job.next;
    (job.next != nullptr ? job.next->previous : last_held) = job.previous;
    job.previous = job.next = nullptr;
    job.worker = nullptr;
    --held;
    held_bytes -= job.payload_bytes;
  }
};

}  // namespace zcrew::core
