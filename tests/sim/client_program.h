// A producer as docs/protocol.md describes it: numbers its batches, resends what is unconfirmed,
// asks for results, acknowledges them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "program.h"
#include "schedule.h"

namespace zcrew::sim {

class ClientProgram : public Program {
 public:
  using Program::Program;
  void start() override;
  void received(const core::Message& message) override;
  void lost() override;
  [[nodiscard]] std::string waits_for() const override;

 private:
  struct Sent {
    std::string label;
    std::string payload;
    bool confirmed = false;
    bool ended = false;
    JobId id;
  };
  struct Batch {
    std::string queue;
    Priority priority = 5;
    std::uint64_t delay_ms = 0;
    std::uint64_t expires_ms = 0;
    std::uint64_t time_limit_ms = 0;
    std::uint32_t attempts = 0;
    bool wants_result = false;
    std::vector<Sent> jobs;
    [[nodiscard]] bool confirmed() const;
    [[nodiscard]] bool over() const;
  };

  void on(const wire::ClientWelcome& welcome);
  void on(const wire::Confirm& confirm);
  void on(const wire::JobResult& result);
  void on(const wire::Refused& refused);
  template <typename Other>
  void on(const Other&) {}

  void connect();
  void reconnect();
  void beat();
  void submit_sometimes();
  void make_batch();
  void fill(Batch& batch);
  void send_batch(std::uint64_t number);
  void send_ready();  // what the window of batches allows
  void go_back_to(std::uint64_t number, Duration wait);
  void ask();
  void confirmed(const Batch& batch, Sent& job, const JobId& id);
  [[nodiscard]] std::uint64_t floor() const;
  [[nodiscard]] bool window_full(const Batch& next) const;
  [[nodiscard]] std::string result_of(const std::string& payload) const;

  Uuid session_;
  std::map<std::uint64_t, Batch> batches_;  // with something outstanding
  std::uint64_t next_ = 1;                  // number of the next batch to make …
  std::uint64_t to_send_ = 1;               // … and to send
  bool welcome_ = false;
  bool waits_ = false;  // after a refusal
  Instant heard_{};
  std::uint32_t window_jobs_ = 0;
  std::uint64_t window_bytes_ = 0;
};

// What a correct worker answers for a payload, so that clients can tell a mixed-up result.
std::string right_result(std::string_view label);

}  // namespace zcrew::sim
