// What stands at the other end of a connection: clients and workers, native or from the Guide.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/time.h"
#include "core/event.h"
#include "mail.h"

namespace zcrew::sim {

class Program;
class Simulation;

// One TCP connection: FIFO both ways, loses what is under way when it breaks.
struct Connection {
  Peer peer{};
  core::Side side = core::Side::frontend;
  bool open = true;
  Program* program = nullptr;
  Instant up{};    // when the last message to the router arrives …
  Instant down{};  // … and the last one from it
  std::deque<std::pair<Instant, ToPeer>> inbox;
};
using Line = std::shared_ptr<Connection>;

class Program {
 public:
  Program(std::string name, Simulation& sim) : sim_(sim), name_(std::move(name)) {}
  virtual ~Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  // Starts, or starts again: SIGKILL costs all it knew.
  virtual void start() = 0;
  virtual void received(const core::Message& message) = 0;
  virtual void lost() = 0;  // its connection is gone
  virtual void heal() {}    // no more mischief from now on
  // What is outstanding; empty if nothing.
  [[nodiscard]] virtual std::string waits_for() const { return {}; }

  [[nodiscard]] virtual bool is_of_the_guide() const { return false; }

  void kill();
  void freeze(Duration length);

  Line line;  // the present connection, or null
  [[nodiscard]] Instant frozen_until() const { return frozen_until_; }

 protected:
  // Runs the action after a while, unless the process died; a frozen one is late.
  void later(Duration wait, std::function<void()> action);
  // As above, and only if the connection is still the same.
  void later_on_line(Duration wait, std::function<void()> action);
  [[nodiscard]] unsigned life() const { return life_; }

  Simulation& sim_;

 private:
  void due(unsigned life, const std::function<void()>& action);
  std::string name_;
  unsigned life_ = 0;
  Instant frozen_until_{};
};

}  // namespace zcrew::sim
