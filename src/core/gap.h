// The part of an ordered backlog that is on disk only, and what must be known to page it in without
// losing or resurrecting a job (design D4).
//
// Keys below and above the gap are in memory. Inside it, a page read from a snapshot is the truth,
// except for keys that are marked: `absent` ones left since (they are held or ended, though an
// older snapshot still has them), `late` ones arrived or changed by a record that an older snapshot
// lacks. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/plant.h"
#include "core/record.h"

namespace zcrew::core {

template <typename Key>
class Gap {
 public:
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] bool contains(const Key& key) const {
    return open_ && begin_ < key && (endless_ || key < end_);
  }
  // Inside, and not known to have left.
  [[nodiscard]] bool shows(const Key& key) const {
    return contains(key) && absent_.count(key) == 0;
  }
  [[nodiscard]] const Key& begin() const { return begin_; }
  [[nodiscard]] bool endless() const { return endless_; }
  [[nodiscard]] const Key& end() const { return end_; }
  // A snapshot without this record may show what had left before the gap came to be as it is.
  [[nodiscard]] JournalSequence not_before() const { return not_before_; }

  // Everything behind `begin` is on disk only, whatever arrives later included. Pages wait until
  // `not_before` is durable: jobs behind `begin` that ended before then are in no later snapshot.
  void open_behind(const Key& begin, JournalSequence not_before) {
    open_ = true;
    endless_ = true;
    begin_ = begin;
    not_before_ = not_before;
    if (page_in_flight_) discard_page_ = true;
  }
  // Only (begin, end), both exclusive: what a restart finds; newer jobs are in memory.
  void open_between(const Key& begin, const Key& end) {
    open_behind(begin, 0);
    bound(end);
  }
  // What comes behind everything that is inside now waits in memory again, from `end` on.
  void bound(const Key& end) {
    endless_ = false;
    end_ = end;
  }
  // The part above the gap joins it. What was there and ended by a record up to `not_before` is in
  // no later snapshot; a page under way knows only the part as it was.
  void widen(JournalSequence not_before) {
    endless_ = true;
    not_before_ = std::max(not_before_, not_before);
    if (page_in_flight_) discard_page_ = true;
  }

  // A job arrived at the very end, by this record; nothing has a greater key.
  void arrived_last(JournalSequence number) { newest_ = std::max(newest_, number); }

  // A job arrived or changed somewhere inside, by this record.
  void arrived(const Key& key, JournalSequence number) {
    absent_.erase(key);
    newest_ = std::max(newest_, number);
    late_.emplace_back(number, key);
  }
  // The job of this key is elsewhere: a page must not bring it back.
  void left(const Key& key) { absent_.insert(key); }

  // ---- paging ----

  // Whether a page would tell anything new: none is under way, and if the last one could not go on
  // for want of records that were not durable then, some are by now.
  [[nodiscard]] bool can_page(JournalSequence durable) const {
    return open_ && !page_in_flight_ && durable >= not_before_ && (!waits_ || durable > seen_);
  }
  void page_asked(JournalSequence durable) {
    page_in_flight_ = true;
    discard_page_ = false;
    asked_at_ = durable;
  }
  [[nodiscard]] bool page_in_flight() const { return page_in_flight_; }

  // Takes in a page of `items` (each with a key by `key_of`); calls `keep(item)` for every one that
  // is to enter memory, in order. Moves the gap's beginning past the page, closes it at the end.
  template <typename Items, typename KeyOf, typename Keep>
  void page_arrived(Items& items, bool reached_end, JournalSequence as_of, KeyOf key_of,
                    Keep keep) {
    page_in_flight_ = false;
    if (std::exchange(discard_page_, false) || !open_) return;
    // What was durable when the page was asked for is in the snapshot, or was cancelled.
    seen_ = std::max(as_of, asked_at_);
    forget_late(seen_);
    const std::optional<Key> stop = first_late();
    bool cut = false;
    for (auto& item : items) {
      const Key key = key_of(item);
      if (!(begin_ < key)) continue;
      if (stop && !(key < *stop)) {
        cut = true;
        break;
      }
      begin_ = key;
      if (absent_.erase(key) == 0 || planted(Bug::page_resurrects)) keep(item);
    }
    absent_.erase(absent_.begin(), absent_.upper_bound(begin_));
    waits_ = reached_end || cut;
    const bool has_all = seen_ >= newest_ || planted(Bug::end_too_early);
    if (reached_end && !stop && has_all) close();
  }

  // Records up to this number are in every snapshot from now on.
  void forget_late(JournalSequence durable) {
    if (page_in_flight_) return;
    const auto first_left = std::find_if(
        late_.begin(), late_.end(), [durable](const auto& late) { return late.first > durable; });
    if (first_left == late_.end()) {
      late_ = {};  // with its memory: there are many gaps
    } else {
      late_.erase(late_.begin(), first_left);
    }
  }

 private:
  void close() {
    open_ = false;
    endless_ = false;
    waits_ = false;
    absent_.clear();
    late_ = {};
  }

  // The least key still ahead that the last snapshot lacks or has in an older state.
  std::optional<Key> first_late() const {
    std::optional<Key> first;
    for (const auto& [number, key] : late_) {
      if (number <= seen_ || !(begin_ < key)) continue;
      if (!first || key < *first) first = key;
    }
    return first;
  }

  bool open_ = false;
  bool endless_ = false;
  bool page_in_flight_ = false;
  bool discard_page_ = false;
  bool waits_ = false;  // the last page could not go on; only a newer snapshot can
  Key begin_{};
  Key end_{};
  JournalSequence not_before_ = 0;
  JournalSequence newest_ = 0;    // the newest record that put something inside
  JournalSequence asked_at_ = 0;  // what was durable when the page was asked for
  JournalSequence seen_ = 0;      // what the last page's snapshot contained
  std::set<Key> absent_;
  std::vector<std::pair<JournalSequence, Key>> late_;  // mostly by number
};

}  // namespace zcrew::core
