#include "moves.h"

#include <algorithm>

namespace checker {

void Moves::violated(std::string_view rule, const Job& job, std::string_view what) {
  verdict_.violated(rule, text(job.name, " (", job.label, ") ", what));
}

Moves::Job* Moves::find(std::string_view name) {
  const auto found = jobs_.find(name);
  return found == jobs_.end() ? nullptr : &found->second;
}

bool Moves::knows(std::string_view job) const { return jobs_.find(job) != jobs_.end(); }

bool Moves::has_ended(std::string_view job) const {
  const auto found = jobs_.find(job);
  return found != jobs_.end() && (found->second.completed || found->second.ended_otherwise);
}

bool Moves::take(const Line& line) {
  if (line.role == "disk"_word) {
    if (line.event == "commit"_word) take_commit(line);
    if (line.event == "has"_word) take_has(line);
    return true;
  }
  if (line.role == "person"_word) {
    if (Job* job = find(line.word(0))) {
      if (line.event == "redrive"_word) job->redrive = true;
      if (line.event == "remove"_word) job->remove = true;
    }
    return true;
  }
  if (line.role != "router"_word) return false;
  if (line.event == "out"_word) {
    take_out(line);
  } else if (line.event == "got"_word) {
    take_got(line);
  } else if (line.event == "confirms"_word) {
    if (Job* job = find(line.word(0))) take_confirms(*job);
  } else if (line.event == "settles"_word) {
    take_settles(line);
  } else if (line.event == "announces"_word) {
    if (Job* job = find(parse_token(line.word(0)).job)) take_announces(line, *job);
  } else if (line.event == "status"_word) {
    take_status(line);
  } else if (line.event == "clock"_word) {
    take_clock(line);
  } else if (line.event == "died"_word) {
    router_died();
  } else if (line.event == "start"_word || line.event == "recovered"_word) {
    note_all_waiting();
  } else if (line.event == "recovering"_word) {
    recovering_ = true;
    order_.clear();
  } else {
    return take_record(line);
  }
  return true;
}

bool Moves::take_record(const Line& line) {
  const bool is_put =
      line.event == "ready"_word || (line.event == "later"_word && line.words.size() == 4);
  if (is_put) {
    take_put(line, line.event == "ready"_word ? Place::ready : Place::later);
    return true;
  }
  const bool is_known = line.event == "later"_word || line.event == "due"_word ||
                        line.event == "dead"_word || line.event == "redriven"_word ||
                        line.event == "gone"_word || line.event == "counts"_word;
  if (!is_known) return false;
  Job* job = find(line.word(1));
  if (job == nullptr) {
    verdict_.violated("phantom", text(line.word(1), " was never taken in"));
    return true;
  }
  if (line.event == "later"_word) take_retry(line, *job);
  if (line.event == "due"_word) take_due(line, *job);
  if (line.event == "dead"_word) take_dead(line, *job);
  if (line.event == "redriven"_word) take_redriven(line, *job);
  if (line.event == "gone"_word) take_gone(line, *job);
  if (line.event == "counts"_word) take_counts(line, *job);
  return true;
}

// Remembers what the record overwrites.
void Moves::record(const Line& line, Job& job, bool is_put, bool is_end) {
  seen_ = true;
  const std::int64_t number = line.integer(0);
  if (number <= committed_) violated("illegal", job, "has a record that is committed already");
  undo_.push_back({number, &job, job.stored, is_put, is_end});
}

// The record is what the outcome caused.
void Moves::follow(const Line& line, Job& job) {
  if (job.cause != Cause::none) {
    job.effect = line.integer(0);
    close(job, job.effect);
  }
  job.cause = Cause::none;
}

void Moves::take_put(const Line& line, Place place) {
  const bool is_later = place == Place::later;
  const std::string_view name = line.word(1);
  const std::string_view label = line.word(is_later ? 3 : 2);
  Job& job = jobs_[name];
  if (!job.name.empty()) {
    violated("illegal", job, "is taken in a second time");
    return;
  }
  job.name = name;
  job.label = label;
  job.taken_ms = calendar(line.at);
  const auto wish = wishes_.find(label);
  if (wish == wishes_.end()) {
    violated("phantom", job, "was never submitted");
  } else {
    job.wish = wish->second;
  }
  record(line, job, true, false);
  job.stored.place = place;
  if (is_later) job.stored.due = line.integer(2);
  if (job.wish.delay > 0 && !is_later) violated("too-early", job, "shall wait, and does not");
  note_waiting(job);
}

// ---- hand-outs and outcomes
// ---------------------------------------------------------------------

void Moves::take_out(const Line& line) {
  seen_ = true;
  const Token token = parse_token(line.word(0));
  const std::string_view label = line.word(3);
  Job* job = find(token.job);
  if (job == nullptr) {
    const auto wish = wishes_.find(label);
    if (wish == wishes_.end() || !wish->second.memory) {
      verdict_.violated("phantom", text(line.word(0), " was never taken in"));
    }
    Job& fresh = jobs_[token.job];
    fresh.name = token.job;
    fresh.label = label;
    fresh.wish.memory = true;
    fresh.stored.place = Place::ready;
    job = &fresh;
  }
  check_run(line, *job, token);
  order_.goes(job->name, line.at);
  // A Guide worker is not told which attempt it has.
  const bool is_right =
      line.integer(2) == 0 || line.integer(2) == job->stored.failures + job->stored.crashes + 1;
  if (!job->wish.memory && !is_right) {
    violated("attempts", *job,
             text("is attempt ", line.word(2), " after ", std::to_string(job->stored.failures),
                  " failures and ", std::to_string(job->stored.crashes), " crashes"));
  }
  if (job->announced.erase(line.word(0)) != 0) {
    job->earlier.clear();  // the journal knows of this one: no crash makes another the newest
  } else {
    for (Attempt& attempt : job->earlier) attempt.current = false;
    keep(*job, false);
  }
  job->token = line.word(0);
  job->holder = line.word(1);
  job->session = line.value("session").value_or(0);
  job->guide = line.integer(2) == 0;
  job->out_at = line.at;
  job->out = true;
  job->cause = Cause::none;
  job->effect = job->closed = 0;
}

void Moves::check_run(const Line& line, const Job& job, const Token& token) {
  if (job.label != line.word(3)) violated("phantom", job, text("runs as ", line.word(3)));
  if (job.completed) violated("two-ends", job, "is handed out after it was done");
  if (job.ended_otherwise) violated("two-ends", job, "is handed out after its end");
  if (job.stored.place != Place::ready) violated("illegal", job, "is handed out and not ready");
  if (!job.token.empty() && !token.is_above(parse_token(job.token))) {
    violated("stale", job, text("gets ", line.word(0), " after ", job.token));
  }
  if (job.wish.expires > 0 && calendar(line.at) > job.taken_ms + job.wish.expires / 1000) {
    violated("too-late", job, "is handed out after it expired");
  }
}

void Moves::take_got(const Line& line) {
  Job* job = find(parse_token(line.word(0)).job);
  if (job == nullptr) return;
  if (job->stored.place != Place::ready) return;  // over already
  const std::int64_t session = line.value("session").value_or(0);
  const bool is_last =
      job->token == line.word(0) && job->holder == line.word(2) && job->session == session;
  if (!is_last && !bring_back(*job, line.word(0), line.word(2), session))
    return;               // stale: no cause
  if (!job->out) return;  // said before
  const std::string_view outcome = line.word(1);
  job->out = false;
  job->cause = outcome == "done"       ? Cause::done
               : outcome == "failed"   ? Cause::failed
               : outcome == "rejected" ? Cause::rejected
                                       : Cause::released;
}

void Moves::take_announces(const Line& line, Job& job) {
  job.announced.emplace(line.word(0));
  order_.leaves(job.name);
}

// ---- records
// ------------------------------------------------------------------------------------

void Moves::take_retry(const Line& line, Job& job) {
  record(line, job, false, false);
  if (job.stored.place != Place::ready) violated("illegal", job, "is to be retried and not ready");
  if (job.cause != Cause::failed) violated("stale", job, "is to be retried and did not fail");
  follow(line, job);
  ++job.stored.failures;
  if (job.wish.attempts > 0 && job.stored.failures >= job.wish.attempts) {
    violated("attempts", job, "is to be retried after its last attempt");
  }
  job.stored.place = Place::later;
  job.stored.due = line.integer(2);
}

void Moves::take_due(const Line& line, Job& job) {
  record(line, job, false, false);
  if (job.stored.place != Place::later) violated("illegal", job, "is due and was not waiting");
  // Once it was, and a worker that got it then says so after a crash: it is out, whatever the time.
  const bool was_out = (job.out && job.was_due >= job.stored.due) || has_newer(job);
  if (calendar(line.at) < job.stored.due && !was_out) {
    violated("too-early", job, "is due before its time");
  }
  job.was_due = std::max(job.was_due, job.stored.due);
  job.stored.place = Place::ready;
  note_waiting(job);
}

void Moves::take_dead(const Line& line, Job& job) {
  record(line, job, false, false);
  if (job.stored.place == Place::dead || job.stored.place == Place::nowhere) {
    violated("illegal", job, "dies and is not alive");
  }
  const std::string_view reason = line.word(2);
  if (reason == "rejected") {
    if (job.cause != Cause::rejected) violated("stale", job, "was never rejected");
  } else if (reason == "failed") {
    if (job.cause != Cause::failed) violated("stale", job, "died of a failure it did not have");
    if (job.wish.attempts > 0 && job.stored.failures + 1 != job.wish.attempts) {
      violated("attempts", job,
               text("died after ", std::to_string(job.stored.failures + 1), " of ",
                    std::to_string(job.wish.attempts), " attempts"));
    }
    ++job.stored.failures;
  } else if (reason == "crash") {
    ++job.stored.crashes;
    if (job.stored.crashes < reach_.times().crash_limit) {
      violated("attempts", job, "died of fewer crashes than the limit");
    }
  }
  follow(line, job);
  job.out = false;
  close(job, line.integer(0));
  job.stored.place = Place::dead;
  order_.leaves(job.name);
}

void Moves::take_redriven(const Line& line, Job& job) {
  record(line, job, false, false);
  if (job.stored.place != Place::dead) violated("illegal", job, "is redriven and not dead");
  if (!job.redrive) violated("illegal", job, "is redriven and nobody wanted that");
  job.stored = {Place::ready, 0, 0, 0};
  job.redriven_at = line.at;
  job.wish.expires = 0;  // whoever redrives it wants it done
  note_waiting(job);
}

void Moves::take_gone(const Line& line, Job& job) {
  const bool is_dead = job.stored.place == Place::dead;
  record(line, job, false, true);
  if (job.stored.place == Place::nowhere) violated("illegal", job, "goes a second time");
  const bool may_expire =
      job.wish.expires > 0 && calendar(line.at) >= job.taken_ms + job.wish.expires / 1000;
  if (is_dead) {
    if (!job.remove) violated("lost", job, "was a dead letter, and nobody removed it");
    job.ended_otherwise = true;
  } else if (job.cause == Cause::done) {
    if (job.completed) violated("two-ends", job, "is done a second time");
    job.completed = true;
  } else if (may_expire) {
    job.ended_otherwise = true;
  } else {
    violated(job.token.empty() ? "lost" : "stale", job, "goes without a reason");
  }
  follow(line, job);
  job.stored.place = Place::nowhere;
  order_.leaves(job.name);
}

void Moves::take_counts(const Line& line, Job& job) {
  record(line, job, false, false);
  if (line.words.size() > 4) go_back_to(job, line.word(4));
  const std::int64_t failures = line.integer(2);
  const std::int64_t crashes = line.integer(3);
  const bool is_crash = crashes == job.stored.crashes + 1;
  if (failures != job.stored.failures || (crashes != job.stored.crashes && !is_crash)) {
    violated("attempts", job, "has counts that nothing explains");
  }
  if (is_crash && !lost_trust(job, line.at) && !is_announced(line, job)) {
    violated("attempts", job, text("counts a crash of ", job.holder, ", which was there"));
  }
  // The attempt is over, whatever is still said of it; a newer one may yet come back.
  const bool is_older = line.words.size() > 4 && !job.token.empty() && job.cause == Cause::none &&
                        parse_token(job.token).is_above(parse_token(line.word(4)));
  if (is_older) {
    close(job, line.integer(0), parse_token(line.word(4)));
  } else {
    // What was said of the attempt before one that only the journal knows was stale.
    const bool is_next = is_announced(line, job) && !job.token.empty() &&
                         parse_token(line.word(4)).is_above(parse_token(job.token));
    if (is_next) job.cause = Cause::none;
    follow(line, job);
    job.out = false;
    close(job, line.integer(0));
  }
  job.stored.crashes = crashes;
  note_waiting(job);
}

// Notes the job as one that waits, if it does for sure: nobody has it, nobody may come back with
// it, and it will not expire. Of a Guide worker's reply over a new connection the router makes
// nothing: the job stays with the old one until its lease is over.
void Moves::note_waiting(const Job& job) {
  const bool unheeded = job.guide && job.cause != Cause::none;
  const bool may_be_out = job.out || unheeded || has_newer(job) || !job.announced.empty();
  const bool may_wait = !recovering_ && !job.wish.memory && job.wish.expires == 0;
  if (job.stored.place == Place::ready && !may_be_out && may_wait) order_.waits(job.name);
}

void Moves::note_all_waiting() {
  recovering_ = false;
  for (const auto& [name, job] : jobs_) note_waiting(job);
}

// Whether the journal says that the attempt may be out, and nobody saw it go.
bool Moves::is_announced(const Line& line, const Job& job) {
  return line.words.size() > 4 && job.announced.count(line.word(4)) != 0;
}

// ---- words to the outside
// -----------------------------------------------------------------------

void Moves::take_confirms(Job& job) {
  const bool ended = job.completed || job.ended_otherwise;
  if (!ended && !job.put_committed) violated("early-confirm", job, "is confirmed and not on disk");
  job.confirmed = true;
}

void Moves::take_settles(const Line& line) {
  Job* job = find(parse_token(line.word(0)).job);
  if (job == nullptr || job->token != line.word(0) || job->holder != line.word(1)) return;
  if (reach_.is_liar(job->holder)) return;
  // After a crash its worker may have reported a newer attempt, or the journal tells of one that
  // may be out: that one counts instead. And it had no attempt before a redrive that had to be
  // repeated.
  const bool is_announced = std::any_of(
      job->announced.begin(), job->announced.end(),
      [&](std::string_view token) { return parse_token(token).is_above(parse_token(job->token)); });
  // And who was away for too long comes when the job may be on its way to another.
  const bool is_outdone = is_announced || has_newer(*job) || job->redriven_at > job->out_at ||
                          lost_trust(*job, line.at);
  if (job->cause != Cause::none && job->cause != Cause::released && !job->wish.memory &&
      !is_outdone) {
    violated("lost", *job, "has an outcome that is settled and had no effect");
  }
  if (!job->put_committed) return;  // put and end cancel each other
  job->settled = job->completed;
  if (job->effect > committed_) {
    violated("early-settle", *job, "is settled, and what it caused is not on disk");
  }
}

void Moves::take_status(const Line& line) {
  const auto value = [&](std::string_view name) { return line.value(name).value_or(0); };
  const std::int64_t known = value("ready") + value("held") + value("later") + value("dead") +
                             value("done") + value("cancelled") + value("expired") +
                             value("removed");
  if (known == value("accepted")) return;
  verdict_.violated("identity", text("accepted ", std::to_string(value("accepted")),
                                     ", accounted for ", std::to_string(known)));
}

void Moves::take_clock(const Line& line) {
  if (line.integer(0) < ahead_ms_) order_.calendar_stepped_back();
  ahead_ms_ = line.integer(0);
}

// ---- the disk
// -----------------------------------------------------------------------------------

void Moves::take_commit(const Line& line) {
  committed_ = line.integer(0);
  const auto open = std::find_if(undo_.begin(), undo_.end(),
                                 [&](const Undo& undo) { return undo.number > committed_; });
  for (auto at = undo_.begin(); at != open; ++at) {
    if (at->is_put) at->job->put_committed = true;
  }
  undo_.erase(undo_.begin(), open);
}

void Moves::router_died() {
  order_.clear();
  for (auto at = undo_.rbegin(); at != undo_.rend(); ++at) {
    Job& job = *at->job;
    job.stored = at->before;
    const bool is_on_disk = job.put_committed;
    if (at->is_put && job.confirmed && !job.completed && !job.ended_otherwise) {
      violated("early-confirm", job, "was confirmed, and the crash took it");
    }
    if (!at->is_end || !is_on_disk) continue;
    if (job.settled) violated("early-settle", job, "was settled, and the crash brought it back");
    // Its worker says so again.
    job.completed = job.ended_otherwise = false;
  }
  undo_.clear();
  for (auto& [name, job] : jobs_) {
    // What was said to the router that died is said to the next one again, unless that knows.
    if (job.cause != Cause::none || job.closed > committed_) job.out = true;
    reopen(job);
    job.cause = Cause::none;
    job.effect = job.closed = 0;
    if (job.wish.memory) job.ended_otherwise = true;
  }
  committed_ = 0;
  std::erase_if(jobs_, [](const auto& entry) {
    const Job& job = entry.second;
    return !job.wish.memory && !job.put_committed && !job.completed && !job.ended_otherwise;
  });
}

void Moves::take_has(const Line& line) {
  has_dump_ = true;
  const std::string_view name = line.word(1);
  dumped_.emplace(name);
  const Job* job = find(name);
  if (job == nullptr) {
    if (seen_) verdict_.violated("phantom", text(name, " is on disk and was never taken in"));
    return;
  }
  const std::string_view where = line.word(0);
  const Place place = where == "ready"   ? Place::ready
                      : where == "later" ? Place::later
                                         : Place::dead;
  if (job->stored.place != place) violated("journal", *job, text("is in ", where, " on disk"));
}

void Moves::check_end(bool rest) {
  if (!seen_) return;
  for (const auto& [name, job] : jobs_) {
    if (job.wish.memory) continue;
    const bool is_alive = job.stored.place != Place::nowhere;
    if (is_alive && dumped_.find(name) == dumped_.end()) {
      violated("journal", job, "is not on disk in the end");
    }
    if (rest && is_alive && job.stored.place != Place::dead) {
      violated("lost", job, "never came to an end");
    }
  }
}

}  // namespace checker
