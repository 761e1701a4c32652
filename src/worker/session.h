// A worker's side of the protocol, from HELLO to BYE and over any number of connections, as a state
// machine. Pure: no socket, thread or clock; `now` comes in, effects go out. The shell
// (include/zcrew/worker.h) drives one with real sockets, a simulator many with simulated ones.
//
// What it promises: an attempt taken is reported until the router settles it, over any number of
// lost connections and router restarts; an attempt is started once; nothing is said of an attempt
// the router took away.
//
// One turn of its caller: report what happened (receive, finished …), then turn(), then carry out
// the effects in the order of their fields, then wait until deadline() or until something happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/payload.h"
#include "base/pointer_table.h"
#include "base/pool.h"
#include "base/time.h"
#include "core/prng.h"
#include "wire/encode.h"
#include "wire/messages.h"
#include "worker/outcome_messages.h"

namespace zcrew::worker {

struct SessionOptions {
  Uuid instance;
  std::string router;  // its endpoint, for the texts of notes
  std::string name;
  std::vector<std::string> queues;
  std::uint32_t weight = 1;
  std::uint32_t concurrency = 0;  // 0 = follows the weight
  Duration linger = std::chrono::seconds{10};
  std::uint64_t seed = 1;  // of the jitter between connections
};

// An attempt that this worker has, from RUN until the router settles it. The session's, which lends
// it to whoever runs it, from Effects::start until finished() or returned().
struct HeldJob {
  // As RUN said; whoever runs it reads that.
  Token token;
  std::uint32_t attempt = 1;
  std::uint64_t time_limit_ms = 0;     // 0 = none
  const std::string* queue = nullptr;  // its name, as long as the session; null = not told
  Payload payload;  // while it is lent; shares its bytes with others of its message, so whoever
                    // runs it looks at the view alone

  // What became of it; whoever runs it writes that.
  wire::Outcome outcome = wire::Outcome::done;
  std::uint64_t run_us = 0;
  std::uint64_t delay_ms = 0;  // failed, released: again after this; 0 = policy, or at once
  std::string bytes;           // the result, or the error's text

  // The session's own.
  Instant received{};
  bool lent = false;
  bool unwanted = false;  // taken away while it was lent
  bool unsent = false;    // is one of Session::outcomes_
};

struct Note {
  enum class Kind : std::uint8_t { connected, disconnected, refused, draining, stopped } kind;
  std::string text;  // a whole sentence
};

struct Effects {
  std::vector<std::string> frames;  // to the router, in order, over the connection there is
  bool close = false;               // then close it
  bool open = false;                // then open a new one; answer with connected()
  std::vector<HeldJob*> start;      // as soon as one of concurrency() places is free
  std::vector<HeldJob*> abandoned;  // taken away: tell the handlers of those that run, and …
  std::vector<HeldJob*> give_back;  // … hand those of both that have not begun to returned()
  std::vector<Note> notes;

  void clear();
};

class Session {
 public:
  // Opens its first connection at the first turn().
  explicit Session(SessionOptions options);

  // ---- the connection ----
  void connected(Instant now, Effects& effects);
  void disconnected(Instant now, Effects& effects);
  void receive(Instant now, const wire::ToWorker& message, Effects& effects);
  // A frame that is no message. The connection is given up, since what it said is lost.
  void malformed(Instant now, wire::ErrorCode code, std::string_view text, Effects& effects);

  // ---- the jobs ----
  // Each that was lent comes back by one of these, also if it was taken away meanwhile.
  void finished(HeldJob& job);
  void returned(HeldJob& job);  // it never began

  // ---- the end ----
  // Take nothing new, give back what has not begun, finish what runs; then wait for the router to
  // have it all, at most for the linger time, and say goodbye.
  void drain(Instant now, Effects& effects);
  // Wait no longer than this for the router, even if drain() was long ago.
  void set_linger(Instant now, Duration linger);

  // Time has passed and input was read: judges deadlines, sends what is due.
  void turn(Instant now, Effects& effects);
  // When turn() is due without anything happening.
  [[nodiscard]] Instant deadline() const;

  // Its share, as it began or as the router has said since.
  [[nodiscard]] std::uint32_t weight() const { return options_.weight; }
  // How many attempts to run at once; at least 1.
  [[nodiscard]] std::uint32_t concurrency() const { return concurrency_; }
  [[nodiscard]] bool stopped() const { return phase_ == Phase::stopped; }
  // Attempts that the router has not settled: running, waiting, or finished.
  [[nodiscard]] std::size_t unsettled() const { return jobs_.size(); }

 private:
  enum class Phase : std::uint8_t { waiting, connecting, greeting, serving, stopped };

  void welcome(Instant now, const wire::WorkerWelcome& message, Effects& effects);
  void run(Instant now, const wire::RunMessage& message, Effects& effects);
  void settle(const wire::SettledMessage& message, Effects& effects);
  void give_back(const wire::Recall& message, Effects& effects);
  void heed(Instant now, const wire::Error& error, Effects& effects);
  void drop(const Token& token, Effects& effects);
  HeldJob& hold(Instant now, const wire::RunItem& item);
  void lend(HeldJob& job, Effects& effects);
  void report(HeldJob& job);

  void send_hello(Instant now, Effects& effects);
  void send_outcomes(Instant now, Effects& effects);
  void pack(Instant now, const HeldJob& job, Effects& effects);
  void keep_alive(Instant now, Effects& effects);
  void advance_drain(Instant now, Effects& effects);

  void end_connection(Instant now, Note::Kind kind, const std::string& why, Effects& effects);
  void stop(Effects& effects);
  [[nodiscard]] Duration liveness_time() const { return heartbeat_ * liveness_; }
  [[nodiscard]] Duration next_backoff();
  [[nodiscard]] std::vector<HeldJob*> held(bool lent) const;  // by token
  [[nodiscard]] std::vector<Token> tokens(bool lent) const;

  SessionOptions options_;
  core::Prng prng_;
  Phase phase_ = Phase::waiting;
  Instant connect_at_{};
  unsigned failures_ = 0;  // connections in a row that ended before WELCOME
  std::uint32_t connections_ = 0;

  // As the last WELCOME said; the protocol's defaults before.
  Duration heartbeat_ = std::chrono::seconds{1};
  std::uint32_t liveness_ = 3;
  std::uint64_t result_bytes_max_;
  std::uint32_t concurrency_;
  std::map<QueueNumber, const std::string*> queue_names_;  // each one of …
  std::set<std::string, std::less<>> names_;               // … these, which stay

  Instant last_turn_{};
  Instant last_sent_{};
  Instant silent_at_{};  // not a word until then: the router is gone

  Pool<HeldJob> pool_;
  PointerTable<HeldJob, &HeldJob::token> jobs_;
  std::size_t running_ = 0;  // of jobs_, lent
  // Finished, not yet sent over this connection. A place of which that is no longer true is passed
  // over, so that nobody has to look for it here.
  std::vector<HeldJob*> outcomes_;
  OutcomeMessages messages_;

  bool draining_ = false;
  bool drain_said_ = false;
  Instant settle_by_{};  // draining, and nothing runs any more
  bool settling_ = false;
  std::string last_refusal_;
};

}  // namespace zcrew::worker
