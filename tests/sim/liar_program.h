// A peer that breaks the rules: answers twice, answers for others, with tokens that never were,
// sends damaged bytes and messages at the wrong place or time. Nobody else may suffer.
#pragma once

#include <map>
#include <string>

#include "core/event.h"
#include "program.h"
#include "wire/messages.h"

namespace zcrew::sim {

class LiarProgram : public Program {
 public:
  using Program::Program;
  void heal() override;

 private:
  void start() override;
  void stopped() override;
  void connected() override;
  void disconnected() override;
  void received(const Frames& frames) override;

  void beat(Line on);
  void lie_sometimes(Line on);
  void lie_as_worker();
  void lie_as_client();
  void work(const Token& token, const std::string& result);
  void answer(const Token& token, wire::Outcome outcome, const std::string& bytes);
  void say_hello();
  void send_damaged();
  template <typename Message>
  void send(const Message& message);

  core::Side side_ = core::Side::backend;
  std::map<Token, std::string> jobs_;  // the results of what it was given
  std::string last_;                   // frame it sent, to be damaged
};

}  // namespace zcrew::sim
