// Answers ADMIN messages, each with one reply: questions from the core's report, dead letters and
// gauges by the reader thread, changes as commands to the core. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/router.h"
#include "journal/reader_thread.h"
#include "router/admin_request.h"
#include "router/commits.h"
#include "router/outbox.h"
#include "router/report_json.h"

namespace zcrew::router {

class Admin {
 public:
  // Questions and commands that may wait for their answer at once.
  static constexpr std::size_t open_max = 1000;

  struct Surroundings {
    const core::Router& core;
    Commits& commits;
    journal::ReaderThread& reader;
    Outbox& outbox;
    std::function<void(const core::Event&)> step;
    std::function<ShellStatus()> status;  // without the journal's gauges
  };
  explicit Admin(Surroundings around);

  void handle(Peer peer, const wire::Admin& message);

  // The core's answer to a command.
  void answer(const core::CommandReply& reply);

  // After a turn: what waited for the journal may be done now.
  void go_on_with_what_is_durable();

 private:
  struct Asker {
    Peer peer{};
    std::uint64_t request = 0;
  };
  struct Commander {
    Asker asker;
    core::JournalSequence before = 0;  // the last record before the command
    bool makes_queue = false;
  };
  using Answer = std::function<void()>;

  void serve(Asker asker, AskStatus);
  void serve(Asker asker, AskQueues);
  void serve(Asker asker, AskWorkers);
  void serve(Asker asker, AskVersion);
  void serve(Asker asker, const ListDead& list);
  void serve(Asker asker, const ShowDead& show);
  void serve(Asker asker, const ChangeQueue& change);
  void serve(Asker asker, const core::SetPolicy& change);
  template <typename Change>
  void serve(Asker asker, const Change& change);

  void command(Asker asker, decltype(core::Command::what) what, bool makes_queue);

  template <typename Write>
  void write(Asker asker, Write write);

  using Look = std::function<Answer(journal::Journal&)>;
  void look(Look look);
  // One that sees all that was recorded until now: whoever reads "1 dead" in a status finds it.
  void look_up_to_now(Look look);
  // Once all that was recorded until now is on disk.
  void when_durable(std::function<void()> act);
  void reply(Asker asker, std::string_view body);
  void refuse(Asker asker, wire::ErrorCode code, std::string_view text);

  Surroundings around_;
  std::size_t looks_ = 0;  // asked and not answered
  std::deque<std::pair<core::JournalSequence, std::function<void()>>> waiting_;  // by record
  std::uint64_t next_command_ = 1;
  std::unordered_map<std::uint64_t, Commander> commands_;
};

}  // namespace zcrew::router
