// A worker: the worker library's own session (src/worker) over a simulated connection, and handlers
// that are fast, slow, fail, or hang for as long as the mischief lasts.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "program.h"
#include "worker/session.h"

namespace zcrew::sim {

class WorkerProgram : public Program {
 public:
  using Program::Program;
  void terminate() override;
  void heal() override;

 private:
  void start() override;
  void stopped() override;
  void connected() override;
  void disconnected() override;
  void received(const Frames& frames) override;
  void turn() override;
  void fell_silent(Instant last_word, bool closes,
                   const std::function<bool()>& still_silent) override;

  void carry_out();
  void check_credit();
  void check_weight_soon();
  [[nodiscard]] bool take_waiting(const worker::HeldJob& job);
  void begin_jobs();
  void begin(worker::HeldJob& job);
  void finish(worker::HeldJob& job);
  [[nodiscard]] wire::Outcome draw_outcome();
  void say(const Token& token, wire::Outcome outcome);

  Uuid instance_;
  std::optional<worker::Session> session_;
  worker::Effects effects_;
  worker::Effects acting_;  // what is carried out, while more may be wanted
  std::deque<worker::HeldJob*> waiting_;
  std::map<Token, worker::HeldJob*> running_;
  std::map<Token, worker::HeldJob*> hanging_;  // those of them that do not end by themselves
  std::size_t most_at_once_ = 0;               // its highest concurrency so far
  std::set<Token> abandoned_;                  // attempts taken away while they ran
  bool stopping_ = false;  // it was told to: it wants nothing more, whatever its weight
  bool again_ = false;
};

std::string_view name_of(wire::Outcome outcome);

}  // namespace zcrew::sim
