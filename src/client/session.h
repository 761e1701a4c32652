// A producer's side of the protocol (docs/protocol.md sections 4 and 8; design D7, D9, D12). Pure
// and deterministic: no clock, socket or thread; the same calls at the same times have the same
// effects.
//
// A caller feeds in what happened, in any order, and then calls turn(), which judges deadlines and
// wants messages sent. `now` must not go backwards. What was received is fed in before turn(), so
// that a caller that did not run for a while does not take the router for silent.
//
//   session.submit(payload, effects) …  session.received(message, now, effects) …
//   session.turn(now, effects);  carry out effects;  effects.clear();
//   wait until session.next_deadline(), or something happens
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/ledger.h"
#include "client/link.h"
#include "client/session_effects.h"
#include "wire/messages.h"

namespace zcrew::client {

struct SessionConfig {
  Uuid uuid;         // of this session: random, never used before
  std::string name;  // for people
  std::uint64_t seed = 1;
};

class Session {
 public:
  Session(SessionConfig config, Instant now);

  // ---- the user ----
  // Of the jobs submitted from now on, which the first needs.
  void set_options(JobOptions options) { ledger_.set_options(std::move(options)); }
  Ticket submit(std::string&& payload, Effects& effects);
  // A request to steer or look; `request` is the caller's own number and not 0.
  void ask(std::uint64_t request, std::string verb, std::string arguments);
  // Nobody waits for this answer any more.
  void withdraw(std::uint64_t request);
  // The last turns: acknowledge, say BYE, nothing else; until gone().
  void say_goodbye() { leaving_ = true; }
  [[nodiscard]] bool gone() const { return leaving_ && (bye_heard_ || !link_.is_connected()); }

  // ---- the connection that Effects::open made; `why` is half a sentence for LinkDown ----
  void connected(Instant now);
  // It could not be made yet; the attempt goes on.
  void unreachable(std::string_view why, Effects& effects);
  // Whether unreachable() would tell the user anything.
  [[nodiscard]] bool expects_cause() const { return !told_up_ && !told_down_; }
  void disconnected(std::string_view why, Instant now, Effects& effects);
  void received(const wire::ToClient& message, Instant now, Effects& effects);
  // What came is none of this protocol's messages, or of another version.
  void garbled(std::string_view why, Instant now, Effects& effects);

  void turn(Instant now, Effects& effects);
  [[nodiscard]] Instant next_deadline() const;

  // What may be unconfirmed at a time: the router's word, or its default before the first WELCOME.
  [[nodiscard]] Room window() const { return window_; }
  // Jobs confirmed whose result is still to come.
  [[nodiscard]] std::size_t awaiting_results() const { return awaited_.size(); }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] Link::State link_state() const { return link_.state(); }

  // A batch in flight for this long without a word on any: doubled each time it is in vain.
  static constexpr Duration answer_patience_first = std::chrono::seconds{5};
  static constexpr Duration answer_patience_max = std::chrono::seconds{60};
  // The router answers nothing to BYE. This request behind it is answered, and then BYE has
  // arrived.
  static constexpr std::uint64_t bye_probe = 0;

 private:
  struct Request {
    std::uint64_t number = 0;
    std::string verb;
    std::string arguments;
    bool sent = false;
  };

  [[nodiscard]] RefusedJob too_large(Ticket ticket) const;

  // session.cc: the connection and what is sent on it
  void judge(Instant now, Effects& effects);
  void report_down(std::string text, Effects& effects);
  void drop_link(Instant now, Effects& effects);
  void forget_connection(Effects& effects);
  void send_requests(Effects& effects);
  void send_goodbye(Effects& effects);
  void send_jobs(std::vector<JobId>& jobs, bool asking, Effects& effects);
  void send_batches(Instant now, Effects& effects);
  [[nodiscard]] Room room() const;
  [[nodiscard]] Instant answer_deadline() const;

  // session_inbox.cc: what the router says
  void on(const wire::ClientWelcome& welcome, Instant now, Effects& effects);
  void on(const wire::ConfirmMessage& message, Instant now, Effects& effects);
  void on(const wire::ResultMessage& message, Instant now, Effects& effects);
  void on(const wire::Refused& refused, Instant now, Effects& effects);
  void on(const wire::AdminReply& reply, Instant now, Effects& effects);
  void on(const wire::Error& error, Instant now, Effects& effects);
  void on(const wire::Heartbeat& heartbeat, Instant now, Effects& effects);
  void on(const wire::Bye& bye, Instant now, Effects& effects);

  void begin(const wire::ClientWelcome& welcome, Instant now, Effects& effects);
  void go_back(const wire::Refused& refused, Instant now, Effects& effects);
  bool refuse_jobs(const wire::Refused& refused, Effects& effects);
  void refuse(std::uint64_t batch, std::uint32_t index, std::uint32_t count, wire::ErrorCode code,
              std::string_view text, Effects& effects);
  void hold(const wire::Refused& refused, wire::ErrorCode code, Instant now);
  void tell_held_back(wire::ErrorCode code, std::string_view text, Instant now, Effects& effects);
  void resynchronise(std::string_view cause, Instant now, Effects& effects);
  void turn_away(std::string text, Instant now, Effects& effects);
  // The jobs were confirmed as `job`, job + 1, …
  void confirm(const SettledRun& run, JobId job, bool ask, Effects& effects);
  void finish(Ticket ticket, const wire::JobResult& result, Effects& effects);
  void progressed(std::uint64_t jobs, Instant now);

  SessionConfig config_;
  core::Prng prng_;
  Link link_;
  Ledger ledger_;
  std::map<JobId, Ticket> awaited_;  // confirmed, result to come
  std::vector<JobId> asks_;
  std::vector<JobId> acknowledgements_;
  std::deque<Request> requests_;  // unanswered

  // What the user was told last about the link.
  bool told_up_ = false;
  bool told_down_ = false;
  std::string down_text_;

  Room window_;
  std::uint64_t payload_bytes_max_ = ~std::uint64_t{0};
  std::uint64_t told_floor_ = 1;  // in the last HELLO

  // The order of SUBMITs and of their refusals on this connection: all that were sent behind a
  // refused one are refused too, and those refusals say nothing new.
  std::uint64_t serial_ = 0;
  std::uint64_t refusals_to_skip_ = 0;

  // After a refusal for want of room: when to try again, and with how many jobs in flight at most;
  // every confirm widens it.
  std::optional<Instant> hold_until_;
  std::uint64_t allowance_ = ~std::uint64_t{0};
  std::optional<Instant> held_since_;  // with no job confirmed meanwhile
  wire::ErrorCode told_held_ = wire::ErrorCode::none;

  // A batch that stays unanswered for long has lost its answer: HELLO again, and ask for it.
  Instant progress_at_{};
  Duration answer_patience_ = answer_patience_first;
  std::optional<Instant> resynchronised_at_;

  std::vector<SettledRun> runs_;  // scratch

  bool leaving_ = false;
  bool bye_sent_ = false;
  bool bye_heard_ = false;
};

}  // namespace zcrew::client
