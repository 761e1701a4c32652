#include <algorithm>
#include <string>
#include <utility>

#include "client/session.h"

namespace zcrew::client {
namespace {

using wire::ErrorCode;

// Refusals that say "later", not "never".
bool is_temporary(ErrorCode code) {
  return code == ErrorCode::window_exceeded || code == ErrorCode::queue_full ||
         code == ErrorCode::journal_full || code == ErrorCode::shutting_down;
}

// Those that a smaller batch may not meet. A small disk may be full for a window's worth of jobs
// alone.
bool is_about_size(ErrorCode code) {
  return code == ErrorCode::window_exceeded || code == ErrorCode::queue_full ||
         code == ErrorCode::journal_full;
}

constexpr Duration hold_default = Milliseconds{100};
constexpr Duration hold_min = Milliseconds{10};
constexpr Duration hold_max = std::chrono::seconds{30};
constexpr Duration held_back_notice = Milliseconds{200};
// Two disagreements about the numbers within this time are not settled by another HELLO.
constexpr Duration resynchronise_min = std::chrono::seconds{1};

std::string words(ErrorCode code, std::string_view text) {
  std::string words{wire::name_of(code)};
  if (!text.empty()) words.append(": ").append(text);
  return words;
}

JobId behind(JobId job, std::uint32_t offset) {
  job.sequence += offset;
  return job;
}

// Confirms of one turn are mostly neighbours, and then one event.
bool join(std::vector<Event>& events, const ConfirmedRun& run) {
  auto* last = events.empty() ? nullptr : std::get_if<ConfirmedRun>(&events.back());
  if (last == nullptr || last->first + last->count != run.first ||
      behind(last->job, last->count) != run.job || last->count > ~run.count) {
    return false;
  }
  last->count += run.count;
  return true;
}

}  // namespace

void Session::received(const wire::ToClient& message, Instant now, Effects& effects) {
  if (!link_.is_connected()) return;
  link_.heard(now);
  std::visit([&](const auto& each) { on(each, now, effects); }, message);
}

void Session::garbled(std::string_view why, Instant now, Effects& effects) {
  if (!link_.is_connected()) return;
  turn_away("what it says is not this version of the protocol, " + std::string(why), now, effects);
}

void Session::on(const wire::ClientWelcome& welcome, Instant now, Effects& effects) {
  if (link_.state() != Link::State::greeting) return;
  if (welcome.version != wire::protocol_version) {
    turn_away("it speaks version " + std::to_string(welcome.version) + " of the protocol, not " +
                  std::to_string(wire::protocol_version),
              now, effects);
  } else if (welcome.last_batch + 1 < told_floor_ || welcome.last_batch >= ledger_.next()) {
    turn_away("it speaks of batch " + std::to_string(welcome.last_batch) +
                  ", which this session cannot have sent",
              now, effects);
  } else {
    begin(welcome, now, effects);
  }
}

void Session::begin(const wire::ClientWelcome& welcome, Instant now, Effects& effects) {
  link_.welcomed(now, Milliseconds{welcome.heartbeat_ms}, welcome.liveness);
  window_ = {std::max(welcome.window_jobs, 1U), std::max<std::uint64_t>(welcome.window_bytes, 1)};
  payload_bytes_max_ =
      welcome.payload_bytes_max == 0 ? ~std::uint64_t{0} : welcome.payload_bytes_max;
  if (!told_up_) {
    effects.events.emplace_back(LinkUp{welcome.epoch});
    allowance_ = ~std::uint64_t{0};
  }
  told_up_ = true;
  told_down_ = false;

  ledger_.rewind_all();
  refusals_to_skip_ = 0;
  hold_until_.reset();
  std::vector<Ticket> refused;
  ledger_.settle_larger(payload_bytes_max_, welcome.last_batch, refused);
  for (const Ticket ticket : refused) effects.events.emplace_back(too_large(ticket));

  asks_.clear();
  for (const auto& [job, ticket] : awaited_) asks_.push_back(job);
}

void Session::on(const wire::ConfirmMessage& message, Instant now, Effects& effects) {
  for (const wire::Confirm& each : message.entries) {
    const Batch* batch = ledger_.find(each.batch);
    // Its RESULT may have gone to the connection before this one.
    const bool ask = batch != nullptr && batch->sent_before;
    runs_.clear();
    ledger_.settle(each.batch, each.index, each.count, runs_);
    for (const SettledRun& run : runs_) {
      confirm(run, behind(each.first, run.offset), ask, effects);
      progressed(run.count, now);
    }
  }
}

void Session::confirm(const SettledRun& run, JobId job, bool ask, Effects& effects) {
  const ConfirmedRun confirmed{run.first, run.count, job};
  if (!join(effects.events, confirmed)) effects.events.emplace_back(confirmed);
  if (!run.wants_result) return;
  for (std::uint32_t i = 0; i < run.count; ++i) {
    awaited_.emplace_hint(awaited_.end(), behind(job, i), run.first + i);
    if (ask) asks_.push_back(behind(job, i));
  }
}

void Session::on(const wire::ResultMessage& message, Instant now, Effects& effects) {
  for (const wire::JobResult& each : message.entries) {
    acknowledgements_.push_back(each.job);
    runs_.clear();
    ledger_.settle(each.batch, each.index, 1, runs_);
    if (!runs_.empty()) {
      progressed(1, now);
      if (runs_[0].wants_result) {
        finish(runs_[0].first, each, effects);
      } else {
        confirm(runs_[0], each.job, false, effects);
      }
    } else if (const auto at = awaited_.find(each.job); at != awaited_.end()) {
      finish(at->second, each, effects);
      awaited_.erase(at);
    }
  }
}

void Session::finish(Ticket ticket, const wire::JobResult& result, Effects& effects) {
  effects.events.emplace_back(FinishedJob{ticket, result.job, result.end, result.attempts,
                                          std::string(result.worker), std::string(result.reason),
                                          std::string(result.bytes)});
}

void Session::progressed(std::uint64_t jobs, Instant now) {
  progress_at_ = now;
  answer_patience_ = answer_patience_first;
  held_since_.reset();
  told_held_ = ErrorCode::none;
  // Doubles with every round trip, until the window alone binds.
  if (allowance_ < window_.jobs) allowance_ += jobs;
}

void Session::on(const wire::Refused& refused, Instant now, Effects& effects) {
  // Before the answer to a HELLO all refusals are of what was sent before it.
  if (!link_.is_up()) return;
  if (refusals_to_skip_ > 0) {
    --refusals_to_skip_;
    return;
  }
  const Batch* batch = ledger_.find(refused.batch);
  if (batch == nullptr || batch->serial == 0) return;
  refusals_to_skip_ = serial_ - batch->serial;
  if (refused.code == ErrorCode::session_unknown) {
    resynchronise("the router does not know this session", now, effects);
    return;
  }
  if (refused.code == ErrorCode::out_of_order) {
    go_back(refused, now, effects);
    return;
  }
  auto code = refused.code;
  for (const wire::ItemError& item : refused.items) {
    if (is_temporary(item.code)) code = item.code;
  }
  const bool some_refused = refuse_jobs(refused, effects);
  progress_at_ = now;
  if (is_temporary(code)) {
    tell_held_back(code, refused.text, now, effects);
    hold(refused, code, now);
  } else if (!some_refused) {
    refuse(refused.batch, 0, ~0U, code, refused.text, effects);
  }
  ledger_.rewind(refused.batch);
}

// Returns whether there was any that never will be accepted.
bool Session::refuse_jobs(const wire::Refused& refused, Effects& effects) {
  const std::size_t before = effects.events.size();
  for (const wire::ItemError& item : refused.items) {
    if (is_temporary(item.code)) continue;
    refuse(refused.batch, item.index, 1, item.code, refused.text, effects);
  }
  return effects.events.size() > before;
}

void Session::refuse(std::uint64_t batch, std::uint32_t index, std::uint32_t count, ErrorCode code,
                     std::string_view text, Effects& effects) {
  runs_.clear();
  ledger_.refuse(batch, index, count, runs_);
  for (const SettledRun& run : runs_) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      effects.events.emplace_back(
          RefusedJob{run.first + i, static_cast<int>(code), words(code, text)});
    }
  }
}

// Once, when it lasts: queues fill up and drain all the time. A window exceeded is between client
// and router; the rest concerns the user.
void Session::tell_held_back(ErrorCode code, std::string_view text, Instant now, Effects& effects) {
  if (code == ErrorCode::window_exceeded) return;
  if (!held_since_) held_since_ = now;
  if (now - *held_since_ < held_back_notice || told_held_ == code) return;
  told_held_ = code;
  effects.events.emplace_back(HeldBack{static_cast<int>(code), words(code, text)});
}

void Session::hold(const wire::Refused& refused, ErrorCode code, Instant now) {
  Duration wait = hold_default;
  if (refused.retry_after_ms > 0) {
    const auto max_ms = static_cast<std::uint64_t>(hold_max / Milliseconds{1});
    wait = Milliseconds{static_cast<std::int64_t>(std::min(refused.retry_after_ms, max_ms))};
  }
  wait = std::max(wait, hold_min);
  // Producers that were refused together do not come back together.
  wait += Duration{
      static_cast<Duration::rep>(prng_.below(static_cast<std::uint64_t>(wait.count()) / 4 + 1))};
  hold_until_ = now + wait;
  const Batch* batch = ledger_.find(refused.batch);
  if (batch == nullptr) return;
  // The next try is a small one; the window's worth of jobs behind it would be refused as well.
  allowance_ = std::max(batch->open / 2, 1U);
  if (batch->open > 1 && is_about_size(code)) ledger_.unpack(refused.batch);
}

// The router misses a batch. A batch behind the gap whose jobs have all ended cannot be sent again:
// its number, which the router has never seen or has lost with its memory, goes to the next ones.
void Session::go_back(const wire::Refused& refused, Instant now, Effects& effects) {
  const std::uint64_t wanted = refused.last_batch + 1;
  if (wanted < ledger_.floor() || wanted >= refused.batch) {
    resynchronise("the router waits for another batch", now, effects);
    return;
  }
  for (std::uint64_t number = wanted; number < ledger_.next(); ++number) {
    if (ledger_.find(number)->open == 0) {
      ledger_.unpack(number);
      break;
    }
  }
  ledger_.rewind(wanted);
}

void Session::resynchronise(std::string_view cause, Instant now, Effects& effects) {
  if (!link_.is_up()) return;
  if (resynchronised_at_ && now - *resynchronised_at_ < resynchronise_min) {
    report_down("it and this client disagree: " + std::string(cause), effects);
    drop_link(now, effects);
  } else {
    link_.greet_again();
  }
  resynchronised_at_ = now;
}

void Session::turn_away(std::string text, Instant now, Effects& effects) {
  report_down("it does not work with this client: " + std::move(text), effects);
  link_.turned_away(now);
  forget_connection(effects);
}

void Session::on(const wire::AdminReply& reply, Instant, Effects& effects) {
  if (reply.request == bye_probe) bye_heard_ = bye_sent_;
  const auto at = std::find_if(requests_.begin(), requests_.end(), [&](const Request& each) {
    return each.sent && each.number == reply.request;
  });
  if (at == requests_.end()) return;
  requests_.erase(at);
  effects.answers.push_back({reply.request, true, reply.code, std::string(reply.body)});
}

void Session::on(const wire::Error& error, Instant now, Effects& effects) {
  if (error.code == ErrorCode::session_unknown) {
    resynchronise("the router does not know this session", now, effects);
  } else {
    turn_away(words(error.code, error.text), now, effects);
  }
}

void Session::on(const wire::Heartbeat& heartbeat, Instant now, Effects&) {
  if (heartbeat.coming_bytes > 0) link_.expect_delay(now, heartbeat.coming_bytes);
}

void Session::on(const wire::Bye&, Instant now, Effects& effects) {
  disconnected("it said goodbye", now, effects);
}

}  // namespace zcrew::client
