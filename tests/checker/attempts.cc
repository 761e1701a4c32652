// The half of Moves that knows which of a job's hand-outs counts: the last one, unless a crash of
// the router took back what ended an earlier one, and its worker says so again.
#include <algorithm>

#include "moves.h"

namespace checker {

// The record ends the attempt, and with it all before it.
void Moves::close(Job& job, std::int64_t number) {
  job.closed = number;
  if (!job.token.empty()) close(job, number, parse_token(job.token));
}

void Moves::close(Job& job, std::int64_t number, const Token& last) {
  for (Attempt& attempt : job.earlier) {
    if (parse_token(attempt.token).is_above(last)) continue;
    if (attempt.closed == 0) attempt.closed = number;
    attempt.current = false;
  }
}

// Another attempt becomes the last one.
void Moves::keep(Job& job, bool current) {
  if (job.token.empty()) return;
  job.earlier.push_back(
      {job.token, job.holder, job.session, job.guide, job.out_at, job.closed, current});
}

// A worker reports an attempt of which the router that died knew more than the journal. The newest
// that is reported counts; false if the attempt is over.
bool Moves::bring_back(Job& job, std::string_view token, std::string_view who,
                       std::int64_t session) {
  const auto found = std::find_if(job.earlier.begin(), job.earlier.end(), [&](const Attempt& each) {
    return each.current && each.token == token && each.holder == who && each.session == session;
  });
  if (found == job.earlier.end()) return false;
  const bool is_newer = parse_token(token).is_above(parse_token(job.token));
  if (!is_newer && !job.out) return false;  // a newer one was heard of
  const Attempt back = *found;
  job.earlier.erase(found);
  keep(job, job.out);
  job.token = back.token;
  job.holder = back.holder;
  job.session = back.session;
  job.guide = back.guide;
  job.out_at = back.out_at;
  job.out = true;
  job.effect = job.closed = 0;
  for (Attempt& each : job.earlier) {
    if (parse_token(back.token).is_above(parse_token(each.token))) each.current = false;
  }
  return true;
}

// The router counts a newer attempt, which a HELLO told of: it took the older one's word for stale.
void Moves::go_back_to(Job& job, std::string_view token) {
  const auto newer = std::find_if(job.earlier.begin(), job.earlier.end(), [&](const Attempt& each) {
    return each.token == token && parse_token(token).is_above(parse_token(job.token));
  });
  if (newer == job.earlier.end()) return;
  const std::string_view holder = newer->holder;
  if (bring_back(job, token, holder, newer->session)) job.cause = Cause::none;
}

// Whether a worker may still have an attempt that is newer than the one that was heard of last.
bool Moves::has_newer(const Job& job) {
  return std::any_of(job.earlier.begin(), job.earlier.end(), [&](const Attempt& each) {
    return each.current && parse_token(each.token).is_above(parse_token(job.token));
  });
}

// After a crash: what ended an attempt may be undone.
void Moves::reopen(Job& job) const {
  std::erase_if(job.earlier, [&](const Attempt& attempt) {
    return attempt.closed != 0 && attempt.closed <= committed_;
  });
  for (Attempt& attempt : job.earlier) {
    attempt.closed = 0;
    attempt.current = true;
  }
}

// Whether whoever has it may have lost it: the last one, or one that a crash made current again.
bool Moves::lost_trust(const Job& job, Micros now) const {
  const auto lost = [&](std::string_view holder, bool guide, Micros out_at) {
    return guide ? reach_.lost_lease(holder, out_at, now, job.wish.limit)
                 : reach_.lost_trust(holder, out_at, now);
  };
  return lost(job.holder, job.guide, job.out_at) ||
         std::any_of(job.earlier.begin(), job.earlier.end(), [&](const Attempt& each) {
           return each.current && lost(each.holder, each.guide, each.out_at);
         });
}

}  // namespace checker
