// A producer: submits jobs, hears that they are safe, and may wait for their results.
//
// Threads: a Client's methods may be called from any thread. A caller that waits in next(), or that
// submits a job after a pause, sends and receives by itself, which saves waking a thread; a thread
// of the Client's own does the rest, so that a caller may stay away as long as it likes. Jobs that
// are submitted close together are packed into one message, which never waits to be filled.
//
// Safety: a job is safe once its Confirmed event came. Over a router crash or a lost connection the
// client reconnects by itself and resends what is unconfirmed under the same batch number, so a job
// is not accepted twice. An unconfirmed job may have run before a router crash and then runs again.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "zcrew/error.h"
#include "zcrew/types.h"

namespace zcrew {

struct ClientOptions {
  std::string router = default_frontend;
  std::string name;  // for people; default host/pid
};

// A client's own number for a job it submitted: 1, 2, 3 …
using Ticket = std::uint64_t;

struct Confirmed {  // the job is on disk, or already finished
  Ticket ticket = 0;
  std::string id;
};
struct Finished {  // only for jobs with wants_result; implies Confirmed if that did not come before
  Ticket ticket = 0;
  std::string id;
  JobEnd end = JobEnd::done;
  unsigned attempts = 0;
  std::string worker;
  std::string reason;  // empty for done
  std::string result;  // or the last error's text
};
struct RefusedJob {  // the router will not have this job as it is; the client does not resend it
  Ticket ticket = 0;
  int code = 0;  // docs/protocol.md, error registry
  std::string text;
};
// No room at the router for now: the client waits and tries again by itself. Comes once, when this
// has lasted for a fifth of a second without a confirm.
struct HeldBack {
  int code = 0;  // of the error registry: the queue or the disk is full, or it is shutting down
  std::string text;
};
struct LinkUp {
  std::uint32_t epoch = 0;
};  // the router answered
struct LinkDown {
  std::string why;  // the cause in half a sentence, e.g. "nobody listens there"
};  // no router: the client goes on trying; comes within a second, once per loss and cause

using ClientEvent = std::variant<Confirmed, Finished, RefusedJob, HeldBack, LinkUp, LinkDown>;

class Client {
 public:
  // Connects in the background. Throws Error (78) for an endpoint that cannot be parsed.
  explicit Client(const ClientOptions& options);
  // Says goodbye if the router is there; what is unconfirmed is given up: see wait_confirmed().
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Hands a job over and returns its ticket. Blocks while the router's window for this client
  // (16,384 jobs, 16 MiB by default) is full, for at most `patience`; nullopt if it stayed full.
  // A job that no router would take (a bad queue name, an option out of range) gets its ticket too,
  // and its RefusedJob at once.
  std::optional<Ticket> submit(Job job, std::chrono::milliseconds patience);

  // The same for many jobs in one go, from the front of `jobs` on: as many as have room, at least
  // one unless there was none. What was handed over is moved from; the tickets are consecutive.
  struct Tickets {
    Ticket first = 0;
    std::size_t count = 0;
  };
  Tickets submit_many(std::span<Job> jobs, std::chrono::milliseconds patience);

  // The next event, in order; nullopt if none came in time. Events wait in memory until they are
  // fetched, so a program that submits without end fetches them too.
  std::optional<ClientEvent> next(std::chrono::milliseconds patience);

  // The same for many events in one go: returns how many it wrote to the front of `events`, as many
  // as there were and have a place. Waits for the first only; 0 if none came in time. What was in
  // those places is written over and its memory used again, so that a caller in a hurry keeps them
  // for its next call. The places behind stay as they are.
  std::size_t next_many(std::span<ClientEvent> events, std::chrono::milliseconds patience);

  // Jobs handed over and not yet confirmed, finished or refused.
  [[nodiscard]] std::size_t unconfirmed() const;

  // Waits until there are none, for at most `patience`; true if so. Events are not fetched by this:
  // a job that was refused counts no more, and its RefusedJob waits for next().
  bool wait_confirmed(std::chrono::milliseconds patience);

  // Steering and looking: sends a verb with a JSON object, waits for the JSON document.
  struct Reply {
    int code = 0;      // 0, or the error registry's number
    std::string body;  // a JSON document, or the error's text
  };
  // nullopt if the router did not answer in time, or the connection broke before it did; whether a
  // command was carried out is not known then. May be called before LinkUp.
  std::optional<Reply> ask(const std::string& verb, const std::string& json,
                           std::chrono::milliseconds patience);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zcrew
