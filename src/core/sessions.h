// All producer sessions: finds them, tells them what is safe and how jobs ended. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/client_session.h"
#include "core/context.h"
#include "core/job.h"

namespace zcrew::core {

// How a job ended, for whom it concerns.
struct Ending {
  wire::End end = wire::End::done;
  std::uint32_t attempts = 0;
  std::string_view worker;
  std::string_view reason;
  std::string_view bytes;
};

class Sessions {
 public:
  explicit Sessions(Context& context) : context_(context) {}

  void recover(const Recovered& recovered);

  [[nodiscard]] ClientSession* of(Peer peer);
  [[nodiscard]] ClientSession* of(const Uuid& uuid);
  [[nodiscard]] SessionRef reference(const ClientSession& session) const;

  // The session of this uuid, made if it is new, and connected to `peer` from now on.
  ClientSession& connect(Peer peer, const Uuid& uuid, const std::string& name);
  void disconnect(Peer peer);
  void drop(const Uuid& uuid);

  // A batch was accepted: its confirms go out when its last record is durable.
  void await(ClientSession& session, std::uint64_t batch, JournalSequence number);
  void on_durable();

  // The job ended, or its result is repeated: confirms it, and tells the caller if there is one;
  // that it expired when that is durable, as a death. Call before the record of its end is made.
  void tell_end(const Job& job, const Ending& ending);
  // The job became a dead letter: told when that is durable, because a crash right after the
  // telling would bring a waiting job back, and no worker remembers its end. Call before its record
  // is made.
  void tell_when_durable(const Job& job, const Ending& ending);
  void repeat_result(const PutResult& result);
  // Says again what of a resent batch is safe already.
  void repeat_confirms(ClientSession& session, Batch& batch);

  // The session has these results of its own.
  void acknowledge(const ClientSession& session, const std::vector<JobId>& jobs);

  // Drops sessions and results nobody came back for, and connections that fell silent.
  void expire();
  [[nodiscard]] std::vector<PutSession> take_changed();
  // Jobs that will count as confirmed once all that is recorded so far is on disk.
  [[nodiscard]] std::uint64_t awaited_jobs();
  [[nodiscard]] std::size_t size() const { return by_uuid_.size(); }
  void begin_step() { told_.clear(); }  // views into the last step's deaths end
  [[nodiscard]] std::vector<Peer> connected() const;
  [[nodiscard]] bool any_connected() const { return !by_peer_.empty(); }

 private:
  struct Slot {
    std::unique_ptr<ClientSession> session;
    std::uint32_t generation = 1;
  };
  struct Awaited {
    JournalSequence number = 0;
    SessionRef session;
    std::uint64_t batch = 0;
  };
  struct StoredResult {
    JournalSequence put = 0;
    WallTime expires_at{};
    Uuid session;           // zero: from before the start, whose it is only the journal knows
    bool replaces = false;  // the word of its death before a redrive, which may be on disk
  };
  using Results = std::unordered_map<JobId, StoredResult>;
  [[nodiscard]] ClientSession* find(SessionRef reference) const;
  ClientSession& add(ClientSession session);
  void confirm_one(const Job& job);
  [[nodiscard]] PutResult result_of(const Job& job, const Ending& ending) const;
  void store_result(PutResult result);
  void remove_result(Results::iterator at);
  void send_confirm(Peer peer, const wire::Confirm& one);
  void mark_changed(ClientSession& session);

  Context& context_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<Uuid, std::uint32_t> by_uuid_;
  std::unordered_map<Peer, std::uint32_t> by_peer_;
  std::deque<Awaited> awaiting_;                              // by number
  std::uint64_t counts_ = 0;                                  // calls of awaited_jobs()
  std::deque<std::pair<JournalSequence, PutResult>> deaths_;  // and expiries, to be told
  std::vector<PutResult> told_;         // what this step's RESULT entries point into
  std::vector<std::uint32_t> changed_;  // slots
  Results results_;
  std::set<std::pair<WallTime, JobId>> results_by_expiry_;  // the calendar may step back
};

}  // namespace zcrew::core
