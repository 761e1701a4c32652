// A producer: the client library's own session (src/client) over a simulated connection, and a user
// that submits jobs, checks what comes back, and now and then goes away or says goodbye.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "client/session.h"
#include "program.h"

namespace zcrew::sim {

class ClientProgram : public Program {
 public:
  using Program::Program;
  [[nodiscard]] bool waits() const override { return !outstanding_.empty(); }
  [[nodiscard]] std::string waits_for() const override;
  void terminate() override;

 private:
  struct Submitted {
    std::string label;
    bool wants_result = false;
    bool confirmed = false;
  };

  void start() override;
  void stopped() override;
  void connected() override;
  void disconnected() override;
  void received(const Frames& frames) override;
  void turn() override;

  void carry_out();
  void hear(const client::ConfirmedRun& run);
  void hear(const client::FinishedJob& job);
  void hear(const RefusedJob& job);
  template <typename Other>
  void hear(const Other& /*of the link*/) {}

  void submit_sometimes();
  void submit_some();
  [[nodiscard]] Job draw_job(const std::string& label);
  void submit(Job job, const std::string& label);

  std::optional<client::Session> session_;
  client::Effects effects_;
  std::map<Ticket, Submitted> outstanding_;
  bool leaving_ = false;
};

// What a correct worker answers for a payload, so that clients can tell a mixed-up result.
std::string right_result(std::string_view payload);

}  // namespace zcrew::sim
