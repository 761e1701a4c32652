#include "talk.h"

#include <doctest/doctest.h>

namespace zcrew::client {
namespace {

std::string list(const std::vector<JobId>& jobs) {
  std::string text;
  for (const JobId& each : jobs) text += " " + to_text(each);
  return text;
}

// Long payloads as their size, so that lines stay lines.
std::string brief(std::string_view payload) {
  if (payload.size() <= 16) return std::string(payload);
  return std::to_string(payload.size()) + "B";
}

std::string group(const wire::SubmitGroup& group) {
  std::string text = " " + std::string(group.options.queue);
  if (group.options.priority != 5) text += " priority=" + std::to_string(group.options.priority);
  if (group.options.delay_ms != 0) text += " delay=" + std::to_string(group.options.delay_ms);
  if (group.options.result == wire::ResultMode::caller) text += " result";
  text += ":";
  for (const wire::SubmitItem& item : group.items) {
    text += " " + std::to_string(item.index) + "=" + brief(item.payload);
  }
  return text;
}

struct MessageWords {
  std::string operator()(const wire::ClientHello& hello) const {
    return "HELLO floor=" + std::to_string(hello.floor);
  }
  std::string operator()(const wire::Submit& submit) const {
    std::string text =
        "SUBMIT " + std::to_string(submit.batch) + " floor=" + std::to_string(submit.floor);
    for (const wire::SubmitGroup& each : submit.groups) text += group(each);
    return text;
  }
  std::string operator()(const wire::Ask& ask) const { return "ASK" + list(ask.jobs); }
  std::string operator()(const wire::Acknowledge& ack) const { return "ACK" + list(ack.jobs); }
  std::string operator()(const wire::Admin& admin) const {
    return "ADMIN " + std::to_string(admin.request) + " " + std::string(admin.verb) + " " +
           std::string(admin.arguments);
  }
  std::string operator()(const wire::Heartbeat& beat) const {
    return beat.coming_bytes == 0 ? "BEAT" : "BEAT coming=" + std::to_string(beat.coming_bytes);
  }
  std::string operator()(const wire::Bye&) const { return "BYE"; }
};

struct EventWords {
  std::string operator()(const ConfirmedRun& run) const {
    return "confirmed " + std::to_string(run.first) + "+" + std::to_string(run.count) + " " +
           to_text(run.job);
  }
  std::string operator()(const FinishedJob& job) const {
    return "finished " + std::to_string(job.ticket) + " " + to_text(job.job) + " " +
           std::to_string(static_cast<int>(job.end)) + " " + job.bytes;
  }
  std::string operator()(const RefusedJob& job) const {
    return "refused " + std::to_string(job.ticket) + " " + std::to_string(job.code);
  }
  std::string operator()(const HeldBack& held) const {
    return "held back " + std::to_string(held.code);
  }
  std::string operator()(const LinkUp& up) const { return "up " + std::to_string(up.epoch); }
  std::string operator()(const LinkDown& down) const { return "down: " + down.why; }
};

}  // namespace

std::string words(const Outgoing& message) { return std::visit(MessageWords{}, message); }
std::string words(const Event& event) { return std::visit(EventWords{}, event); }

Job job(std::string payload, std::string queue, bool wants_result) {
  Job job;
  job.payload = std::move(payload);
  job.queue = std::move(queue);
  job.wants_result = wants_result;
  return job;
}

Talk::Talk() : session({Uuid{}, "test", 1}, now) {}

Ticket Talk::submit(std::string payload, std::string queue, bool wants_result) {
  return submit(job(std::move(payload), std::move(queue), wants_result));
}

Ticket Talk::submit(Job what) {
  session.set_options(JobOptions(what));
  return session.submit(std::move(what.payload), effects);
}

Lines Talk::turn() {
  session.turn(now, effects);
  Lines lines;
  for (const Event& each : effects.events) lines.push_back(words(each));
  for (const Answer& each : effects.answers) {
    const std::string number = std::to_string(each.request);
    lines.push_back(each.came ? "answered " + number + " " + each.body : "unanswered " + number);
  }
  for (const Outgoing& each : effects.sends) lines.push_back(words(each));
  if (effects.close) lines.emplace_back("close");
  if (effects.open) lines.emplace_back("open");
  effects.clear();
  return lines;
}

Lines Talk::pass(Duration time) {
  now += time;
  return turn();
}

void Talk::connect() {
  for (int tries = 0; session.link_state() == Link::State::waiting && tries < 10; ++tries) {
    now = std::max(now, session.next_deadline());
    turn();
  }
  REQUIRE(session.link_state() == Link::State::connecting);
  session.connected(now);
}

wire::ClientWelcome Talk::welcome(std::uint64_t last_batch) const {
  return {wire::protocol_version, 7, 1000, 3, last_batch, window_jobs, window_bytes,
          payload_bytes_max};
}

void Talk::link_up(std::uint64_t last_batch) {
  connect();
  turn();
  session.received(welcome(last_batch), now, effects);
  REQUIRE(session.link_state() == Link::State::up);
  effects.events.clear();
}

void Talk::hear(const wire::ToClient& message) { session.received(message, now, effects); }

void Talk::confirm(std::uint64_t batch, std::uint32_t index, std::uint32_t count, Sequence first) {
  hear(wire::ConfirmMessage{{{batch, index, count, id(first)}}});
}

void Talk::result(std::uint64_t batch, std::uint32_t index, Sequence sequence,
                  std::string_view bytes) {
  hear(wire::ResultMessage{{{batch, index, id(sequence), wire::End::done, 1, "w", "", bytes}}});
}

void Talk::refuse(std::uint64_t batch, wire::ErrorCode code, std::uint64_t last_batch,
                  std::vector<wire::ItemError> items, std::uint64_t retry_after_ms) {
  hear(wire::Refused{batch, code, retry_after_ms, last_batch, "", std::move(items)});
}

void Talk::lose_link() {
  session.disconnected("test", now, effects);
  turn();
}

}  // namespace zcrew::client
