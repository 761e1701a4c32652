// A process at the other end of a connection: it may be killed, stopped (SIGSTOP) and cut off, and
// it knows nothing of any of that but what a real one would.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "network.h"

namespace zcrew::sim {

class World;

class Program {
 public:
  Program(std::string name, World& world);
  virtual ~Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  // Of this process: another one for each that is started under the name.
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] bool runs() const { return runs_; }
  [[nodiscard]] bool is_frozen() const { return frozen_; }

  void begin();                           // a new process
  void kill(Duration away);               // SIGKILL; the next one begins after a while
  void freeze(Duration length);           // SIGSTOP … SIGCONT
  void end(bool goodbye, Duration away);  // it ends by itself
  virtual void terminate() {}             // SIGTERM
  virtual void heal();                    // no more mischief from now on
  void block(Instant until);              // its host's messages do not leave it

  // Whether something is outstanding for its user, and what.
  [[nodiscard]] virtual bool waits() const { return false; }
  [[nodiscard]] virtual std::string waits_for() const { return {}; }

  // ---- for the network ----
  void hear_connected(Line line);
  void hear_cut(Line line);
  void hear(Line line, Frames frames);

  Line line = nullptr;  // the present connection
  HostLink link;

 protected:
  virtual void start() = 0;
  virtual void stopped() {}  // forget everything: the process is gone
  virtual void connected() = 0;
  virtual void disconnected() = 0;
  virtual void received(const Frames& frames) = 0;
  virtual void turn() {}
  // From then on the router hears nothing of it: at the latest when its connection ends, if it
  // `closes`. A process that may speak again calls this whenever that becomes less likely;
  // `still_silent` says whether it has not.
  virtual void fell_silent(Instant /*last_word*/, bool /*closes*/,
                           const std::function<bool()>& /*still_silent*/) {}

  // A turn at that time, or earlier if one is planned.
  void plan_turn(Instant at);
  // Runs the action after a while, unless the process died; a stopped one is late.
  template <typename Call>
  void later(Duration wait, Call action) {
    schedule_.after(wait, [this, life = life_, action = std::move(action)]() mutable {
      if (life == life_) when_awake(std::move(action));
    });
  }
  void close_line();
  // It knows that it is connected, which is over already if it stood still meanwhile.
  void record_up();
  // It said HELLO and says nothing more before it is welcome.
  void greet(bool waits);

  World& world_;

 private:
  template <typename Call>
  void when_awake(Call action) {
    if (frozen_) {
      waiting_.emplace_back(std::move(action));
    } else {
      action();
    }
  }
  void thaw();
  void set_silence(bool& reason, bool silent);
  [[nodiscard]] Instant last_word(Line of) const;

  Schedule& schedule_;
  std::string name_;
  std::string id_;
  unsigned births_ = 0;
  bool runs_ = false;
  unsigned life_ = 0;
  bool frozen_ = false;
  bool blocked_ = false;
  Instant blocked_until_{};  // also when healing has lifted it for what is said from then on
  bool greeting_ = false;
  Instant arrived_by_{};   // all that it sent on connections that it closed
  unsigned silences_ = 0;  // how often a reason for silence came or went
  unsigned thaw_number_ = 0;
  std::deque<std::function<void()>> waiting_;  // while it is stopped
  Instant turn_at_ = Instant::max();
  Instant planned_ = Instant::max();  // the schedule has a turn for it, wanted or not
};

}  // namespace zcrew::sim
