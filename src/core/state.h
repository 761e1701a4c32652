// The core's parts and how they are wired; private to src/core. Each part owns its own states, the
// Router only hands events to them.
#pragma once

#include "core/client_desk.h"
#include "core/commands.h"
#include "core/context.h"
#include "core/deferred.h"
#include "core/dispatcher.h"
#include "core/job_book.h"
#include "core/orphans.h"
#include "core/recall.h"
#include "core/recovery.h"
#include "core/router.h"
#include "core/sessions.h"
#include "core/worker_desk.h"

namespace zcrew::core {

struct Router::State {
  State(const Config& config, const Recovered& known)
      : context(config, known.epoch), recovered(known) {}

  Context context;
  Recovered recovered;  // until the first step
  bool started = false;
  bool said_bye = false;
  bool hurried = false;  // a second Shutdown came
  Instant last_housekeeping{};

  Deferred deferred{context};
  Sessions sessions{context};
  JobBook book{context, sessions};
  Dispatcher dispatcher{context, book};
  Recall recall{context, book, dispatcher};
  Recovery recovery{context};
  Orphans orphans{context, book, recovery, deferred};
  WorkerDesk workers{context, book, dispatcher, recovery, orphans, deferred};
  ClientDesk clients{context, sessions, book, deferred};
  Commands commands{context, book, dispatcher, workers, deferred};

  void start();
  void finish_step();
  void end_recovery_if_over();
  void say_bye_if_over();
  [[nodiscard]] bool idle() const;
  [[nodiscard]] Instant next_housekeeping() const;

  void on(const FromClient& event);
  void on(const FromWorker& event);
  void on(const Malformed& event);
  void on(const PeerGone& event);
  void on(const Durable& event);
  void on(const Space& event);
  void on(const ReadyPage& event);
  void on(const LaterPage& event);
  void on(const JobsLoaded& event);
  void on(const PayloadLoaded& event);
  void on(const ResultsLoaded& event);
  void on(const Command& event);
  void on(const Shutdown& event);
  void on(const Stalled& event);
  void on(const Tick& event);
};

}  // namespace zcrew::core
