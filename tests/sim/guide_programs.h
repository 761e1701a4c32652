// The programs of the ZeroMQ Guide: ppworker and lpclient.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "program.h"
#include "wire/messages.h"

namespace zcrew::sim {

// Silent while it works; keeps nothing; after a lost connection its socket reconnects by itself and
// the reply it may still owe goes there.
class GuideWorkerProgram : public Program {
 public:
  using Program::Program;

 private:
  void start() override;
  void stopped() override {
    busy_.reset();
    waiting_.clear();
  }
  void connected() override;
  void disconnected() override { connect(); }
  void received(const Frames& frames) override;

  void connect();
  void beat(Line on);
  void work(const std::string& envelope, const Token& token, const std::string& body);

  wire::GuideSpelling spelling_ = wire::GuideSpelling::byte;
  std::optional<Token> busy_;
  std::deque<Frames> waiting_;  // in its socket
  Instant heard_{};
};

// Asks, waits, and asks again from a new identity.
class GuideClientProgram : public Program {
 public:
  using Program::Program;
  [[nodiscard]] bool waits() const override { return !label_.empty(); }
  [[nodiscard]] std::string waits_for() const override { return label_; }

 private:
  void start() override;
  void stopped() override { label_.clear(); }
  void connected() override;
  void disconnected() override;
  void received(const Frames& frames) override;

  void rest();
  void ask();

  std::string label_;  // of the request under way
};

}  // namespace zcrew::sim
