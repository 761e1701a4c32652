// The programs of the ZeroMQ Guide: ppworker and lpclient.
#pragma once

#include <optional>
#include <string>

#include "program.h"

namespace zcrew::sim {

// Silent while it works; keeps nothing; after a lost connection its socket reconnects by itself and
// the reply it may still owe goes there.
class GuideWorkerProgram : public Program {
 public:
  using Program::Program;
  void start() override;
  void received(const core::Message& message) override;
  void lost() override;
  [[nodiscard]] bool is_of_the_guide() const override { return true; }

 private:
  void connect();
  void beat();
  void reply(const Token& token, const std::string& label);

  wire::GuideSpelling spelling_ = wire::GuideSpelling::byte;
  std::optional<Token> busy_;
  Instant heard_{};
  Instant spelled_at_{};  // when it first said on this line how it spells
};

// Asks, waits, and asks again from a new identity.
class GuideClientProgram : public Program {
 public:
  using Program::Program;
  void start() override;
  void received(const core::Message& message) override;
  void lost() override;
  [[nodiscard]] std::string waits_for() const override { return label_; }
  [[nodiscard]] bool is_of_the_guide() const override { return true; }

 private:
  void ask();
  void rest();
  std::string label_;  // of the request under way
};

}  // namespace zcrew::sim
