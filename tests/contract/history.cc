#include "history.h"

#include <string>

namespace zcrew::test {

using core::Place;

namespace {

// Jobs that follow each other are of one queue and priority, so that there are bundles.
constexpr Sequence neighbours = 8;

JobId id_of(Sequence sequence) {
  const auto mixed = static_cast<std::uint32_t>(sequence / neighbours * 2654435761U >> 16U);
  return {1 + mixed % 3, static_cast<Priority>(mixed / 3 % 10), sequence};
}

}  // namespace

std::vector<core::Record> History::step(core::JournalSequence first) {
  std::vector<core::Record> records;
  for (std::uint64_t i = 1 + below(40); i > 0; --i)
    records.push_back(one(first == 0 ? 0 : first + records.size()));
  return records;
}

void History::restart(std::uint64_t seed) {
  random_.seed(seed);
  for (auto& [id, spot] : spots_) spot.number = 0;
}

JobId History::any_id() { return id_of(1 + below(next_ + 3)); }

History::Spots::iterator History::any_spot() {
  const JobId from = any_id();
  const auto at = spots_.lower_bound(from);
  return at == spots_.end() ? spots_.begin() : at;
}

std::size_t History::some_size() {
  switch (below(8)) {
    case 0:
      return 1024 + below(3);
    case 1:
      return below(20000);
    default:
      return below(300);
  }
}

core::HistoryEntry History::some_entry() {
  if (below(3) == 0) return {};
  return {from_ms(below(100000)), static_cast<std::uint32_t>(below(9)), "failed", "w",
          std::string(below(400), 't')};
}

core::JobHeader History::some_header() {
  core::JobHeader header = job_of({}).header;
  header.failures = static_cast<std::uint32_t>(below(1000));
  return header;
}

core::Record History::one(core::JournalSequence number) {
  const bool room = spots_.size() < jobs_max_;
  if (spots_.empty() || (room && below(5) < 2)) return fresh(number);
  const auto at = any_spot();
  const JobId id = at->first;
  Spot& spot = at->second;
  switch (below(room ? 6 : 3)) {
    case 0:
      return remove(at);
    case 1:
      spot.number = 0;
      return result(id);
    case 2:
      spot.number = 0;
      if (spot.place != Place::ready) return core::RemoveHeld{id};
      return core::PutHeld{{id, 1, 1}, uuid_of(1), {}, {}, 1};
    case 3:
      return instance();
    default:
      spot.number = 0;
      return moved(id, spot);
  }
}

core::Record History::instance() {
  const Uuid uuid = uuid_of(static_cast<std::uint8_t>(below(20)));
  if (below(3) == 0) return core::RemoveInstance{uuid};
  return core::PutInstance{uuid, "worker", from_ms(below(1000))};
}

core::Record History::fresh(core::JournalSequence number) {
  core::PutJob put = job_of(id_of(next_++), some_size());
  if (below(8) == 0) put.header = some_header();
  put.header.accepted_at = from_ms(1000 + next_);
  if (next_ / 32 % 2 == 0) {  // some of those that follow each other
    put.header.result = wire::ResultMode::caller;
    put.header.origin = {uuid_of(7), next_, static_cast<std::uint32_t>(next_ % 5)};
  } else if (next_ / 64 % 2 == 0) {
    put.header.expires_at = from_ms(61000 + next_);
  }
  Spot spot{Place::ready, {}, number};
  if (below(4) == 0) spot = {Place::later, from_ms(1 + below(1000)), number};
  put.due = spot.due;
  spots_[put.id] = spot;
  return put;
}

core::Record History::remove(Spots::iterator at) {
  const core::RemoveJob record{at->first, at->second.place, at->second.due, at->second.number};
  spots_.erase(at);
  return record;
}

core::Record History::result(const JobId& id) {
  if (below(3) == 0) return core::RemoveResult{id, 0};
  return result_of(id, below(1000), some_size());
}

core::Record History::moved(const JobId& id, Spot& spot) {
  const Spot from = spot;
  switch (from.place) {
    case Place::ready:
      if (below(3) == 0) return core::UpdateJob{id, some_header(), some_entry()};
      if (below(2) == 0) {
        spot = {Place::later, from_ms(1 + below(1000)), 0};
        return core::MoveToLater{id, spot.due, some_header(), some_entry()};
      }
      break;
    case Place::later:
      if (below(2) == 0) {
        spot = {Place::ready, {}, 0};
        return core::MoveToReady{id, from.due};
      }
      break;
    case Place::dead:
      spot = {Place::ready, {}, 0};
      return core::Redrive{id, some_header(), some_entry()};
    case Place::none:
      break;
  }
  spot = {Place::dead, {}, 0};
  return core::MoveToDead{id,      from.place,           from.due,    some_header(),
                          "crash", from_ms(below(1000)), some_entry()};
}

}  // namespace zcrew::test
