// A native worker as docs/protocol.md describes it: keeps what it runs and what is not settled over
// lost connections, reports both in HELLO.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "program.h"

namespace zcrew::sim {

class WorkerProgram : public Program {
 public:
  using Program::Program;
  void start() override;
  void received(const core::Message& message) override;
  void lost() override;
  void heal() override;

 private:
  struct Ended {
    wire::Outcome outcome = wire::Outcome::done;
    std::string bytes;
  };

  void on(const wire::WorkerWelcome& welcome);
  void on(const wire::RunItem& run);
  void on(const Token& settled);
  void on(const wire::Error& error);
  void on(const wire::Capacity& capacity);
  template <typename Other>
  void on(const Other&) {}

  void connect();
  void reconnect();
  void beat();
  void finish(const Token& token, const std::string& label);
  void send_outcomes(const std::vector<Token>& tokens);
  [[nodiscard]] wire::Outcome draw_outcome();

  Uuid instance_;
  std::uint32_t weight_ = 1;
  std::uint32_t concurrency_ = 1;      // as asked for; 0 = follows the weight
  std::uint32_t concurrency_now_ = 1;  // as the router says
  std::vector<std::string> queues_;
  std::set<QueueNumber> numbers_;  // of the queues of this session
  std::set<Token> running_;
  std::map<Token, Ended> finished_;
  bool welcome_ = false;
  Instant heard_{};
};

}  // namespace zcrew::sim
