#include "peers.h"

#include <algorithm>

namespace checker {
namespace {

// A result waits this long for its caller.
constexpr Micros result_waits = Micros{3600} * 1'000'000;

// Without the router's word a job was sent this long before it was received, at most.
constexpr Micros transit = 1'000'000;

}  // namespace

bool Peers::take(const Line& line) {
  if (line.role == "person"_word) {
    take_person(line);
    return false;
  }
  if (line.role == "disk"_word) {
    if (line.event == "has"_word) take_has(line);
    return false;
  }
  if (line.role == "router"_word) {
    if (line.event == "start"_word) epoch_ = static_cast<std::uint64_t>(line.integer(0));
    if (line.event == "out"_word) sent_[line.word(0)] = line.at;
    return false;
  }
  if (line.event == "submit"_word) {
    take_submit(line);
  } else if (line.event == "confirm"_word || line.event == "result"_word ||
             line.event == "refused"_word) {
    const auto found = labels_.find(line.word(0));
    if (found == labels_.end()) {
      verdict_.violated("phantom", text(line.who, " hears of ", line.word(0), ", never submitted"));
      return true;
    }
    if (line.event == "confirm"_word) take_confirm(line, found->second);
    if (line.event == "result"_word) take_result(line, found->second);
    if (line.event == "refused"_word) found->second.refused = true;
  } else if (line.event == "run"_word) {
    take_run(line);
  } else if (line.event == "outcome"_word) {
    take_outcome(line);
  } else if (line.event == "settled"_word) {
    take_settled(line);
  } else {
    return false;
  }
  return true;
}

Peers::Label* Peers::label_of(std::string_view job) {
  const auto name = names_.find(job);
  if (name == names_.end()) return nullptr;
  const auto found = labels_.find(name->second);
  return found == labels_.end() ? nullptr : &found->second;
}

void Peers::take_submit(const Line& line) {
  Wish wish;
  wish.attempts = line.value("attempts").value_or(0);
  wish.delay = line.value("delay").value_or(0) * 1000;
  wish.expires = line.value("expires").value_or(0) * 1000;
  wish.limit = line.value("limit").value_or(0) * 1000;
  wish.memory = line.has("memory");
  wishes_.insert_or_assign(line.word(0), wish);
  labels_.try_emplace(line.word(0));
}

void Peers::take_confirm(const Line& line, Label& label) {
  const std::string_view job = line.word(1);
  if (!label.job.empty() && label.job != job) {
    verdict_.violated("twice", text(line.word(0), " is confirmed as ", label.job, " and as ", job));
  }
  const auto [name, is_new] = names_.try_emplace(job, line.word(0));
  if (!is_new && name->second != line.word(0)) {
    verdict_.violated("phantom", text(job, " is ", name->second, " and ", line.word(0)));
  }
  if (label.job.empty()) {
    label.confirmed_at = line.at;
    label.confirmed_in = epoch_;
  }
  label.job = job;
}

void Peers::take_result(const Line& line, Label& label) {
  const std::string_view end = line.word(2);
  if (end == "unknown") {
    const bool too_old = label.confirmed_at != 0 && line.at - label.confirmed_at > result_waits;
    if (!too_old) verdict_.violated("lost", text("the router forgot ", line.word(0)));
  } else {
    take_confirm(line, label);
  }
  const bool is_done = label.done || done_unread_.count(line.word(1)) != 0;
  if (end == "done" && !is_done) {
    verdict_.violated("phantom", text(line.word(0), " is told done, and no worker did it"));
  }
  label.told = true;
  if (end == "expired") label.expired_in = epoch_;
}

void Peers::take_run(const Line& line) {
  const Token token = parse_token(line.word(0));
  const std::string_view label = line.word(2);
  if (labels_.find(label) == labels_.end()) {
    verdict_.violated("phantom",
                      text(line.word(0), " runs ", label, ", which was never submitted"));
    return;
  }
  const auto [name, is_first] = names_.try_emplace(token.job, label);
  if (!is_first && name->second != label) {
    verdict_.violated("phantom", text(token.job, " is ", name->second, " and ", label));
  }
  // What an earlier router handed out before the confirm may be read late.
  const Label& known = labels_.find(label)->second;
  const bool is_late = token.epoch < known.confirmed_in;
  if (!known.job.empty() && known.job != token.job && !is_late) {
    verdict_.violated("twice", text(label, " runs as ", token.job, " and was ", known.job));
  }
  // Whoever told it that it had expired would not hand it out; a router that did not know may.
  if (known.expired_in != 0 && token.epoch > known.expired_in) {
    verdict_.violated("two-ends", text(label, " runs, and its producer was told that it expired"));
  }
  Run& run = runs_[token.job];
  if (!run.token.empty()) {
    if (run.token == line.word(0)) {
      verdict_.violated("stale", text(line.word(0), " is handed out twice"));
    }
    // A stopped worker may read late what somebody else has long been given.
    if (!token.is_above(parse_token(run.token))) return;
    check_rerun(line, run);
  }
  // A wish that this run did not need is still on its way to the router.
  const unsigned used = run.open ? 1 : 0;
  const unsigned wishes = run.redrives - std::min(run.redrives, used);
  run = {label, line.word(0), line.who, line.at, line.has("guide"), true, wishes};
}

void Peers::check_rerun(const Line& line, const Run& before) {
  if (!before.open || before.redrives > 0) return;
  if (settled_.find(before.token) != settled_.end()) {
    verdict_.violated("two-ends", text(line.word(0), " runs, and ", before.token, " is settled"));
  }
  const Micros limit = wishes_.find(before.label)->second.limit;
  const auto found = sent_.find(before.token);
  const bool told = found != sent_.end();
  const Micros sent = told ? found->second : before.at;
  const bool excused =
      before.guide ? reach_.lost_lease(before.who, told ? sent : sent - transit, line.at, limit)
                   : reach_.lost_trust(before.who, sent, line.at);
  if (!excused) {
    verdict_.violated("needless", text(line.word(0), " runs at ", line.who, " while ", before.who,
                                       " has ", before.token));
  }
}

void Peers::take_outcome(const Line& line) {
  const Token token = parse_token(line.word(0));
  const std::string_view outcome = line.word(1);
  if (outcome == "done") {
    if (Label* label = label_of(token.job)) {
      label->done = true;
    } else {
      done_unread_.insert(token.job);
    }
  }
  const auto run = runs_.find(token.job);
  if (run == runs_.end() || run->second.token != line.word(0)) return;
  if (outcome == "failed" || outcome == "released") run->second.open = false;
}

void Peers::take_settled(const Line& line) {
  const Token token = parse_token(line.word(0));
  const auto run = runs_.find(token.job);
  if (run == runs_.end() || run->second.token != line.word(0) || !run->second.open) return;
  settled_.try_emplace(line.word(0), line.who);
}

void Peers::take_person(const Line& line) {
  const std::string_view job = line.word(0);
  if (line.event == "redrive"_word) {
    const auto run = runs_.find(job);
    if (run != runs_.end()) ++run->second.redrives;
  } else if (line.event == "remove"_word) {
    if (Label* label = label_of(job)) label->removed = true;
  }
}

void Peers::take_has(const Line& line) {
  if (Label* label = label_of(line.word(1))) label->on_disk = true;
}

void Peers::check_end(const Moves& moves, bool rest) {
  for (const auto& [name, label] : labels_) {
    if (label.job.empty() || label.told || label.removed) continue;
    const Wish& wish = wishes_.find(name)->second;
    const bool ended = label.done || wish.expires > 0 || moves.has_ended(label.job);
    if (ended || label.on_disk) continue;
    verdict_.violated("lost", text(label.job, " (", name, ") was confirmed and is nowhere"));
  }
  static_cast<void>(rest);
}

}  // namespace checker
