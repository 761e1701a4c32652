// A router of a few promises, for random tests of a producer: it accepts batches by number, keeps
// what was committed over a crash and nothing else, confirms what is committed or has ended, and
// checks that a number never comes twice with different jobs.
//
// A job may end before it is committed and is confirmed then, as the real router does it (D2): a
// crash can lose every trace of such a job, and of its batch's number.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/prng.h"
#include "wire/messages.h"

namespace zcrew::client {

// What goes wrong, in permille of the occasions.
struct Mishaps {
  std::uint64_t lost_answer = 0;  // CONFIRM, RESULT or REFUSED on a connection that lives on
  std::uint64_t repeated_answer = 0;
  std::uint64_t refused_batch = 0;  // for want of room
  std::uint64_t forgotten_session = 0;
  bool welcomes_with_durable = false;  // last_batch as of the last commit (P-4.1 allows both)
};

class ModelRouter {
 public:
  ModelRouter(core::Prng& prng, Mishaps mishaps) : prng_(prng), mishaps_(mishaps) {}

  struct Frame {
    std::uint64_t peer = 0;
    std::string bytes;
  };
  std::deque<Frame> outbox;

  std::uint64_t connect() { return ++peers_; }
  void receive(std::uint64_t peer, std::string_view frame);
  void begin_commit() { committing_ = memory_; }
  void finish_commit();
  void end_some_job();
  void end_all_jobs();
  void crash();
  void heal() { mishaps_ = {}; }

  // A payload beginning with this is never accepted.
  static constexpr std::string_view faulty = "bad";

  struct Job {
    std::string payload;
    std::uint64_t batch = 0;
    std::uint32_t index = 0;
    bool wants_result = false;
    bool ended = false;
  };
  // How often the payload is accepted, as of now; ended ones count.
  [[nodiscard]] int accepted(const std::string& payload) const;
  // Whether a worker ever finished it; no crash takes that back.
  [[nodiscard]] bool was_done(const std::string& payload) const {
    return done_.count(payload) != 0;
  }
  // Whether the router may confirm it: it is on disk, or has ended.
  [[nodiscard]] bool is_safe(const JobId& id, const std::string& payload) const;
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  struct State {
    bool knows_session = false;
    std::uint64_t last = 0;
    std::map<std::uint64_t, std::map<std::uint32_t, JobId>> batches;
    std::map<JobId, Job> jobs;
    std::map<std::string, int> accepted;
    std::set<JobId> results;  // not acknowledged
  };

  void on(std::uint64_t peer, const wire::ClientHello& hello);
  void on(std::uint64_t peer, const wire::Submit& submit);
  void on(std::uint64_t peer, const wire::Ask& ask);
  void on(std::uint64_t peer, const wire::Acknowledge& acknowledge);
  void on(std::uint64_t peer, const wire::Heartbeat& heartbeat);
  template <typename Other>
  void on(std::uint64_t, const Other&) {}

  void refuse(std::uint64_t peer, std::uint64_t batch, wire::ErrorCode code,
              std::vector<wire::ItemError> items = {});
  bool refuse_at_random(std::uint64_t peer, const wire::Submit& submit);
  void accept(const wire::Submit& submit);
  void repeat(const wire::Submit& submit);
  void end(JobId id);
  void tell(JobId id);
  void send_result(JobId id, std::uint64_t batch);
  void send(std::uint64_t peer, std::string bytes, bool may_be_lost);
  void send_fact(std::string bytes);
  [[nodiscard]] bool chance(std::uint64_t permille) { return prng_.below(1000) < permille; }

  core::Prng& prng_;
  Mishaps mishaps_;
  State memory_;
  State committing_;
  State durable_;
  std::set<JobId> told_;  // confirmed on this connection
  std::set<JobId> asked_;
  std::optional<std::uint64_t> session_peer_;
  std::uint64_t peers_ = 0;
  Sequence sequence_ = 1;
  std::set<std::string> done_;
  std::vector<std::string> complaints_;
};

}  // namespace zcrew::client
