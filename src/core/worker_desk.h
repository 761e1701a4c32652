// What workers say and what becomes of it: joining and resuming, outcomes, heartbeats, silence,
// death (design D5, D6, D8), for native workers and those of the ZeroMQ Guide. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/context.h"
#include "core/deferred.h"
#include "core/dispatcher.h"
#include "core/job_book.h"
#include "core/orphans.h"
#include "core/recovery.h"
#include "core/worker.h"

namespace zcrew::core {

class WorkerDesk {
 public:
  WorkerDesk(Context& context, JobBook& book, Dispatcher& dispatcher, Recovery& recovery,
             Orphans& orphans, Deferred& deferred)
      : context_(context),
        book_(book),
        dispatcher_(dispatcher),
        recovery_(recovery),
        orphans_(orphans),
        deferred_(deferred) {}

  void recover(const Recovered& recovered);

  // ---- native workers ----
  void on(Peer peer, const wire::WorkerHello& hello);
  void on(Peer peer, const wire::OutcomeMessage& message);
  void on(Peer peer, const wire::Drain& drain);
  void on(Peer peer, const wire::Heartbeat& heartbeat);
  void on(Peer peer, const wire::Bye& bye);
  void on_loaded(const JobsLoaded& loaded);

  // ---- Guide workers ----
  void on(Peer peer, const wire::GuideReady& ready);
  void on(Peer peer, const wire::GuideHeartbeat& heartbeat);
  void on(Peer peer, const wire::GuideReply& reply);

  void gone(Peer peer);
  void on_durable();
  void on_payload(const PayloadLoaded& loaded);

  // The dispatcher's hand-out.
  void give(Job& job, Worker& worker);
  // What Recall wants back.
  void recall(Worker& worker, std::vector<Token> tokens);

  // Judges silence, sends heartbeats.
  void tick();
  [[nodiscard]] Instant next_check() const;  // attended time

  // Whether a listed instance came back and is not welcomed yet; see Recovery.
  [[nodiscard]] bool seating_awaited() const;
  // Listed instances that did not come back in time are dead.
  void bury_missing();

  std::uint32_t set_weight(const std::string& name, std::uint32_t weight);
  void say_bye();
  [[nodiscard]] bool settling() const { return !settling_.empty(); }
  [[nodiscard]] bool holding() const;                        // some worker has a job
  [[nodiscard]] std::vector<const Worker*> workers() const;  // by name, then number
  void check_invariants() const;

 private:
  struct Settling {
    JournalSequence number = 0;
    Peer peer{};
    std::uint64_t session = 0;
    wire::TokenRun run;
  };
  struct Departure {  // a RUN that waits for its held row to be durable
    JournalSequence number = 0;
    Token token;
  };

  [[nodiscard]] Worker* find(Peer peer);
  [[nodiscard]] Worker* native(Peer peer);  // an ERROR goes out if it said no HELLO
  Worker& add(Peer peer, Dialect dialect, std::string name);
  void remove(Worker& worker);
  void heard(Worker& worker);
  void schedule(Worker& worker, Instant at);
  template <typename T>
  void send(Worker& worker, T message) {
    if (!worker.peer) return;
    worker.last_sent = context_.attended();
    context_.send(*worker.peer, Side::backend, std::move(message));
  }
  void beat(Worker& worker);

  // Joining.
  [[nodiscard]] std::string_view fault_of(const wire::WorkerHello& hello) const;
  [[nodiscard]] bool is_outdated(const wire::WorkerHello& hello) const;
  Worker& seat(Peer peer, const wire::WorkerHello& hello);
  void compare_reported(Worker& worker, const wire::WorkerHello& hello);
  void look_up(Worker& worker);
  void claim(Worker& worker, const Token& token, bool is_held);
  bool take_orphan(Worker& worker, const Token& token);
  void welcome_if_ready(Worker& worker);

  // Outcomes.
  void take_outcomes(Worker& worker, const wire::OutcomeItem& run);
  [[nodiscard]] bool is_current(const Worker& worker, const Job* job, const Token& token) const;
  void drop_stale(Worker& worker, const wire::TokenRun& run);
  void take_outcome(Worker& worker, Job& job, const Token& token, const wire::OutcomeItem& item);
  void learn(Worker& worker, const Job& job, const wire::OutcomeItem& run);
  void settle_when_durable(Worker& worker, const wire::TokenRun& run);
  void settle_durable();
  void settle(Worker& worker, const wire::TokenRun& run);
  void send_run(Worker& worker, Job& job);
  void resume_departure(Job& job);

  // Endings.
  void check(Worker& worker);
  void check_native(Worker& worker);
  void check_guide(Worker& worker);
  void die(Worker& worker, const std::string& why);
  void note_held_rows(Worker& worker);

  // Guide workers.
  Worker& guide(Peer peer, Dialect dialect);
  bool refuses_guide(Peer peer);
  [[nodiscard]] Duration lease_of(const Job& job) const;
  void lose_guide_job(Worker& worker, const std::string& why);

  Context& context_;
  JobBook& book_;
  Dispatcher& dispatcher_;
  Recovery& recovery_;
  Orphans& orphans_;
  Deferred& deferred_;
  std::uint32_t next_number_ = 1;
  std::uint64_t last_session_ = 0;
  std::map<std::uint32_t, std::unique_ptr<Worker>> workers_;  // by number
  std::unordered_map<Peer, Worker*> by_peer_;
  std::unordered_map<Uuid, Worker*> by_instance_;
  std::unordered_map<std::uint64_t, std::uint32_t> lookups_;  // request → worker number
  std::set<std::pair<Instant, std::uint32_t>> checks_;        // when to look at which worker
  std::set<std::uint32_t> joining_;                           // numbers
  std::map<Uuid, JournalSequence> known_;  // instances with a row in the journal, and its record
  std::vector<Settling> settling_;         // by number
  std::vector<wire::TokenRun> settled_;    // by the message at hand
  std::deque<Departure> departures_;       // by number
};

}  // namespace zcrew::core
