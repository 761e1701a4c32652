#include "reach.h"

#include <algorithm>

namespace checker {
namespace {

// A line is written a little after what it tells of, and a stopped worker reads what waited for it
// only when it goes on.
constexpr Micros slack = 500'000;

// So long a router may wait for something to do: of a time without a turn this much is no stall.
constexpr Micros longest_wait = 100'000;

}  // namespace

void Reach::begin(Spans& spans, Micros at) {
  if (spans.empty() || spans.back().to != still) spans.push_back({at, still});
}

void Reach::finish(Spans& spans, Micros at) {
  if (!spans.empty() && spans.back().to == still) spans.back().to = at;
}

bool Reach::take(const Line& line) {
  const bool is_router = line.role == "router"_word;
  if (line.event == "start"_word) {
    begin(lives_, line.at);
    return true;
  }
  if (is_router &&
      (line.event == "mute"_word || line.event == "heard"_word || line.event == "died"_word)) {
    if (line.event == "mute"_word) begin(stalls_, line.at);
    if (line.event != "mute"_word) finish(stalls_, line.at);
    if (line.event == "died"_word) finish(lives_, line.at);
    return line.event != "died"_word;  // the jobs' rules want to know of it too
  }
  const bool is_ours = line.event == "died"_word || line.event == "cut"_word ||
                       line.event == "up"_word || line.event == "mute"_word ||
                       line.event == "heard"_word || line.event == "liar"_word;
  if (!is_ours || is_router) return false;
  Process& process = processes_[line.who];
  if (line.event == "died"_word) process.died = line.at;
  if (line.event == "cut"_word) {
    // What is lost since an earlier life of the router, and lost again, has only the grace from
    // here if its HELLO was heard in between, and the rest of the resume wait if not.
    const Micros born = lives_.empty() ? 0 : lives_.back().from;
    if (!process.down.empty() && process.down.back().from < born) {
      process.down.push_back({line.at, still});
    } else {
      begin(process.down, line.at);
    }
  }
  if (line.event == "up"_word) {
    for (Span& down : process.down) down.to = std::min(down.to, line.at);
    process.up = line.at;
  }
  if (line.event == "liar"_word) process.liar = true;
  if (line.event == "mute"_word) begin(process.mute, line.at);
  if (line.event == "heard"_word) finish(process.mute, line.at);
  return true;
}

Micros Reach::length(Micros from, Micros to) const {
  Micros sum = std::max<Micros>(0, to - from);
  for (const Span& stall : stalls_) {
    const Micros stood = std::min(to, stall.to) - std::max(from, stall.from);
    sum -= std::max<Micros>(0, stood - longest_wait);
  }
  return sum;
}

// Within one life of the router the grace decides; what was lost with an earlier life may come back
// during the resume wait of the next.
bool Reach::is_long_down(const Span& down, Micros now) const {
  const Micros to = std::min(down.to, now);
  if (lives_.empty()) return length(down.from, to) >= times_.grace;
  return std::any_of(lives_.begin(), lives_.end(), [&](const Span& life) {
    const bool lost_in_it = down.from >= life.from && down.from < life.to;
    const Micros wait = lost_in_it ? times_.grace : times_.resume;
    const Micros from = std::max(down.from, life.from);
    return from < life.to && length(from, std::min(to, life.to)) >= wait;
  });
}

bool Reach::is_liar(std::string_view who) const {
  const auto found = processes_.find(who);
  return found != processes_.end() && found->second.liar;
}

bool Reach::lost_trust(std::string_view who, Micros since, Micros now) const {
  const auto found = processes_.find(who);
  if (found == processes_.end()) return false;
  const Process& process = found->second;
  // What ended while the router stood still had not ended for it.
  const auto is_recent = [&](Micros ended) { return length(ended, since) <= slack; };
  const bool is_dead = process.died >= 0 && process.died >= process.up;
  if (process.liar || is_dead || (process.died >= 0 && is_recent(process.died))) return true;
  // Silence counts from the last message, which may be a heartbeat old.
  const Micros silence = times_.patience - times_.heartbeat;
  return std::any_of(process.mute.rbegin(), process.mute.rend(),
                     [&](const Span& mute) {
                       return is_recent(mute.to) &&
                              length(mute.from, std::min(mute.to, now)) >= silence - slack;
                     }) ||
         std::any_of(process.down.rbegin(), process.down.rend(), [&](const Span& down) {
           return is_recent(down.to) && is_long_down(down, now);
         });
}

bool Reach::lost_lease(std::string_view who, Micros sent, Micros now, Micros limit) const {
  const Micros lease = limit > 0 ? std::min(limit, times_.lease) : times_.lease;
  if (length(sent, now) >= lease || lost_trust(who, sent, now)) return true;
  const auto found = processes_.find(who);
  if (found == processes_.end()) return false;
  // What is sent to a connection that is already gone is lost, until the router hears of that.
  return std::any_of(found->second.down.begin(), found->second.down.end(), [&](const Span& down) {
    return length(heard_from(found->second, down.to), sent) <= slack;
  });
}

// When the router can first have heard of what happened at `from`: not before the silence ends.
Micros Reach::heard_from(const Process& process, Micros from) {
  for (const Span& mute : process.mute) {
    if (mute.from <= from && from < mute.to) return mute.to;
  }
  return from;
}

}  // namespace checker
