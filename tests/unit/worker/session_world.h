// A session with simulated time and a router played by the test.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "attempts.h"
#include "wire/decode.h"
#include "worker/session.h"

namespace zcrew::worker {

inline constexpr Duration heartbeat = std::chrono::seconds{1};

inline Token token(Sequence sequence, std::uint32_t handout = 1) {
  return {{1, 5, sequence}, handout, 7};
}

inline SessionOptions session_options() {
  SessionOptions options;
  options.instance.bytes[0] = 42;
  options.router = "tcp://router:5556";
  options.name = "worker";
  options.queues = {"default"};
  options.weight = 4;
  return options;
}

class SessionWorld {
 public:
  explicit SessionWorld(SessionOptions options = session_options()) : session(std::move(options)) {}

  // What the last step wanted, sent messages decoded. Views point into `frames`.
  struct Wanted {
    std::vector<std::string> frames;
    std::vector<wire::BackendMessage> messages;
    bool open = false;
    bool close = false;
    std::vector<HeldJob*> start;
    std::vector<Token> abandoned;
    std::vector<Token> give_back;
    std::vector<Note> notes;

    template <typename Message>
    [[nodiscard]] std::vector<const Message*> all() const {
      std::vector<const Message*> found;
      for (const auto& message : messages) {
        if (const auto* one = std::get_if<Message>(&message)) found.push_back(one);
      }
      return found;
    }
    // One for each attempt.
    [[nodiscard]] std::vector<wire::OutcomeItem> outcomes() const {
      std::vector<wire::OutcomeItem> found;
      for (const auto* message : all<wire::OutcomeMessage>()) {
        const auto attempts = attempts_of(*message);
        found.insert(found.end(), attempts.begin(), attempts.end());
      }
      return found;
    }
  };

  // Ends the turn and shows what it wanted.
  Wanted turn() {
    session.turn(now, effects);
    Wanted wanted;
    wanted.frames = std::move(effects.frames);
    wanted.open = effects.open;
    wanted.close = effects.close;
    for (HeldJob* job : effects.start) lent_[job->token] = job;
    wanted.start = std::move(effects.start);
    for (const HeldJob* job : effects.abandoned) wanted.abandoned.push_back(job->token);
    for (const HeldJob* job : effects.give_back) wanted.give_back.push_back(job->token);
    wanted.notes = std::move(effects.notes);
    effects.clear();
    for (const std::string& frame : wanted.frames) {
      const std::string_view view = frame;
      auto message = wire::decode_backend({&view, 1});
      REQUIRE(message);
      wanted.messages.push_back(*message);
    }
    return wanted;
  }

  Wanted turn_at(Instant time) {
    now = time;
    return turn();
  }

  // Lets time pass until the session opens a connection, and returns how long that took.
  Duration wait_for_open() {
    const Instant start = now;
    for (int i = 0; i < 1000; ++i) {
      if (turn().open) return now - start;
      now = session.deadline();
    }
    FAIL("no connection was opened");
    return {};
  }

  // Opens, connects and returns the HELLO's turn.
  Wanted greet() {
    wait_for_open();
    session.connected(now, effects);
    return turn();
  }

  Wanted welcome(std::vector<Token> abandon = {}) {
    wire::WorkerWelcome message;
    message.epoch = 7;
    message.heartbeat_ms = 1000;
    message.liveness = 3;
    message.concurrency = 4;
    message.queues = {{1, "default"}};
    message.abandon = std::move(abandon);
    return receive(message);
  }

  Wanted serve() {
    greet();
    return welcome();
  }

  Wanted receive(const wire::ToWorker& message) {
    session.receive(now, message, effects);
    return turn();
  }

  Wanted run(const std::vector<Token>& tokens) {
    wire::RunMessage message;
    for (const Token& one : tokens) message.entries.push_back({one, 1, 0, "payload"});
    return receive(message);
  }

  // What became of it, in the turn that follows.
  void end(const Token& one, wire::Outcome outcome = wire::Outcome::done, std::string bytes = {},
           std::uint64_t run_us = 5, std::uint64_t delay_ms = 0) {
    HeldJob& job = take_lent(one);
    job.outcome = outcome;
    job.run_us = run_us;
    job.delay_ms = delay_ms;
    job.bytes = std::move(bytes);
    session.finished(job);
  }
  void never_began(const Token& one) { session.returned(take_lent(one)); }

  Wanted finish(const Token& one, wire::Outcome outcome = wire::Outcome::done,
                std::string bytes = {}) {
    end(one, outcome, std::move(bytes));
    return turn();
  }

  Wanted lose() {
    session.disconnected(now, effects);
    return turn();
  }

  Instant now{std::chrono::hours{1}};
  Effects effects;
  Session session;

 private:
  HeldJob& take_lent(const Token& one) {
    const auto at = lent_.find(one);
    REQUIRE(at != lent_.end());
    HeldJob& job = *at->second;
    lent_.erase(at);
    return job;
  }

  std::map<Token, HeldJob*> lent_;
};

}  // namespace zcrew::worker
