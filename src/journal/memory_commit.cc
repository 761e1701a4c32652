#include "journal/memory_commit.h"

#include <array>
#include <map>
#include <memory_resource>
#include <utility>

#include "base/check.h"
#include "journal/bytes.h"
#include "journal/layout.h"

namespace zcrew::journal {

namespace {

using core::Place;

// ---- is every job where the batch says? Looked at first, so that nothing needs to be undone ----

class Rehearsal {
 public:
  explicit Rehearsal(const MemoryState& state) : state_(state) {}

  void operator()(const core::PutJob& put) {
    if (find(put.id).place != Place::none)
      throw JournalError("job " + to_text(put.id) + " was put twice");
    move(put.id, put.due == WallTime{} ? Place::ready : Place::later, put.due);
  }
  void operator()(const core::RemoveJob& remove) {
    expect(remove.id, remove.place, remove.due);
    move(remove.id, Place::none);
  }
  void operator()(const core::MoveToLater& to) {
    expect(to.id, Place::ready);
    move(to.id, Place::later, to.due);
  }
  void operator()(const core::MoveToReady& to) {
    expect(to.id, Place::later, to.due);
    move(to.id, Place::ready);
  }
  void operator()(const core::MoveToDead& to) {
    expect(to.id, to.place, to.due);
    move(to.id, Place::dead);
  }
  void operator()(const core::Redrive& redrive) {
    expect(redrive.id, Place::dead);
    move(redrive.id, Place::ready);
  }
  void operator()(const core::UpdateJob& update) { expect(update.id, Place::ready); }
  template <typename Row>
  void operator()(const Row& /*cannot fail*/) {}

 private:
  struct Spot {
    Place place = Place::none;
    WallTime due{};
  };

  [[nodiscard]] Spot find(const JobId& id) const {
    if (const auto moved = moved_.find(id); moved != moved_.end()) return moved->second;
    if (state_.ready.count(id) != 0) return {Place::ready, {}};
    if (const auto due = state_.where.find(id); due != state_.where.end())
      return {Place::later, due->second};
    if (state_.dead.count(id) != 0) return {Place::dead, {}};
    return {};
  }
  void expect(const JobId& id, Place place, WallTime due = {}) const {
    const Spot spot = find(id);
    if (spot.place != place || (place == Place::later && spot.due != due))
      throw JournalError("job " + to_text(id) + " is not where the router believes it is");
  }
  void move(const JobId& id, Place place, WallTime due = {}) { moved_[id] = Spot{place, due}; }

  const MemoryState& state_;
  // Of most batches, everything: a simulated day commits hundreds of small ones.
  std::array<std::byte, 2048> room_;
  std::pmr::monotonic_buffer_resource memory_{room_.data(), room_.size()};
  std::pmr::map<JobId, Spot> moved_{&memory_};
};

// ---- the change itself ----

void add_history(std::vector<core::HistoryEntry>& history, const core::HistoryEntry& entry) {
  if (entry.event.empty()) return;
  if (history.size() >= limits::history_entries_max) history.erase(history.begin() + 1);
  core::HistoryEntry kept = entry;
  kept.event = cut(entry.event, layout::word_bytes_max);
  kept.worker = cut(entry.worker, limits::name_bytes_max);
  kept.text = cut(entry.text, limits::history_text_bytes);
  history.push_back(std::move(kept));
}

class Change {
 public:
  explicit Change(MemoryState& state) : state_(state) {}

  void operator()(const core::PutJob& put) {
    place(put.id, put.due,
          MemoryState::Job{put.header, Payload::copy_of(put.payload.view()), {}, {}, {}});
  }
  void operator()(const core::RemoveJob& remove) { take(remove.id, remove.place, remove.due); }
  void operator()(const core::MoveToLater& to) {
    MemoryState::Job job = take(to.id, Place::ready, {});
    job.header = to.header;
    add_history(job.history, to.entry);
    place(to.id, to.due, std::move(job));
  }
  void operator()(const core::MoveToReady& to) {
    place(to.id, {}, take(to.id, Place::later, to.due));
  }
  void operator()(const core::MoveToDead& to) {
    MemoryState::Job job = take(to.id, to.place, to.due);
    job.header = to.header;
    job.died_at = to.died_at;
    job.reason = cut(to.reason, layout::word_bytes_max);
    add_history(job.history, to.entry);
    state_.dead.emplace(to.id, std::move(job));
  }
  void operator()(const core::Redrive& redrive) {
    MemoryState::Job job = take(redrive.id, Place::dead, {});
    job.header = redrive.header;
    job.died_at = {};
    job.reason.clear();
    add_history(job.history, redrive.entry);
    place(redrive.id, {}, std::move(job));
  }
  void operator()(const core::UpdateJob& update) {
    MemoryState::Job& job = state_.ready.at(update.id);
    job.header = update.header;
    add_history(job.history, update.entry);
  }

  void operator()(const core::PutHeld& held) { state_.held[held.token.job] = held; }
  void operator()(const core::RemoveHeld& held) { state_.held.erase(held.id); }
  void operator()(const core::PutInstance& put) {
    core::PutInstance& instance = state_.instances[put.instance] = put;
    instance.name = cut(put.name, limits::name_bytes_max);
  }
  void operator()(const core::RemoveInstance& remove) { state_.instances.erase(remove.instance); }
  void operator()(const core::RemoveSession& remove) { state_.sessions.erase(remove.session); }
  void operator()(const core::PutResult& put) {
    remove_result(put.id);
    state_.results[put.id] = {put.id,
                              put.end,
                              put.attempts,
                              put.origin,
                              std::string(cut(put.worker, limits::name_bytes_max)),
                              std::string(cut(put.reason, layout::word_bytes_max)),
                              Payload::copy_of(put.bytes.view()),
                              put.expires_at};
    state_.results_by_expiry.emplace(put.expires_at, put.id);
  }
  void operator()(const core::RemoveResult& remove) { remove_result(remove.id); }
  void operator()(const core::PutQueue& put) {
    core::QueueSettings& settings = state_.queues[put.number] = put.settings;
    settings.name = cut(put.settings.name, limits::name_bytes_max);
  }
  void operator()(const core::ReserveSequences& reserve) {
    state_.sequence_limit = std::max(state_.sequence_limit, reserve.limit);
  }

 private:
  void place(const JobId& id, WallTime due, MemoryState::Job job) {
    if (due == WallTime{}) {
      state_.ready.emplace(id, std::move(job));
    } else {
      state_.later.emplace(MemoryState::Due{due, id}, std::move(job));
      state_.where[id] = due;
    }
  }

  MemoryState::Job take(const JobId& id, Place from, WallTime due) {
    switch (from) {
      case Place::ready:
        state_.held.erase(id);
        return extract(state_.ready, id);
      case Place::later:
        state_.where.erase(id);
        return extract(state_.later, MemoryState::Due{due, id});
      case Place::dead:
        return extract(state_.dead, id);
      case Place::none:
        break;
    }
    ZCREW_CHECK(false);
  }

  template <typename Map>
  static MemoryState::Job extract(Map& map, const typename Map::key_type& key) {
    auto node = map.extract(key);
    ZCREW_CHECK(!node.empty());
    return std::move(node.mapped());
  }

  void remove_result(const JobId& id) {
    const auto found = state_.results.find(id);
    if (found == state_.results.end()) return;
    state_.results_by_expiry.erase({found->second.expires_at, id});
    state_.results.erase(found);
  }

  MemoryState& state_;
};

}  // namespace

void apply(MemoryState& state, const Batch& batch) {
  Rehearsal rehearsal(state);
  batch.visit(rehearsal);

  Change change(state);
  batch.visit(change);
  for (const core::PutSession& session : batch.totals.sessions)
    state.sessions[session.session] = session;
  for (const auto& [number, counts] : batch.totals.changed) state.counts[number] = counts;
  state.counters = batch.totals.counters;
  state.committed = batch.last;
  state.committed_epoch = state.epoch;
}

}  // namespace zcrew::journal
