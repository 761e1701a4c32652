#include "transcript.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "program.h"
#include "wire/runs.h"

namespace zcrew::sim {
namespace {

constexpr std::int64_t first_wall_ms = 1'700'000'000'000;

// The history's calendar begins with the schedule's first moment.
std::int64_t calendar(WallTime time) {
  return static_cast<std::int64_t>(to_ms(time)) - first_wall_ms;
}

std::string_view name_of(wire::Outcome outcome) {
  switch (outcome) {
    case wire::Outcome::done:
      return "done";
    case wire::Outcome::failed:
      return "failed";
    case wire::Outcome::rejected:
      return "rejected";
    case wire::Outcome::released:
      break;
  }
  return "released";
}

bool is_refused(const core::Effects& effects, Peer peer) {
  return std::any_of(effects.sends.begin(), effects.sends.end(), [&](const core::Send& send) {
    return send.peer == peer && std::holds_alternative<wire::Error>(send.message);
  });
}

struct WriteRecord {
  Recorder& recorder;
  core::JournalSequence number;

  void operator()(const core::PutJobs& run) const {
    for (std::size_t i = 0; i < run.count(); ++i) {
      WriteRecord{recorder, number + i}.put(run.job(i));
    }
  }
  void put(const core::PutJob& r) const {
    const std::string_view label = label_of(r.payload.view());
    if (r.due == WallTime{}) return recorder.line("router", "ready", number, r.id, label);
    recorder.line("router", "later", number, r.id, calendar(r.due), label);
  }
  void operator()(const core::RemoveJobs& run) const {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      recorder.line("router", "gone", number + i, run.job(i).id);
    }
  }
  void operator()(const core::MoveToLater& r) const {
    recorder.line("router", "later", number, r.id, calendar(r.due));
  }
  void operator()(const core::MoveToReady& r) const {
    recorder.line("router", "due", number, r.id);
  }
  void operator()(const core::MoveToDead& r) const {
    recorder.line("router", "dead", number, r.id, r.reason);
  }
  void operator()(const core::Redrive& r) const {
    recorder.line("router", "redriven", number, r.id);
  }
  void operator()(const core::UpdateJob& r) const {
    const Token ended{r.id, r.header.handouts, r.header.handout_epoch};
    recorder.line("router", "counts", number, r.id, r.header.failures, r.header.crashes, ended);
  }
  void operator()(const core::PutHeld& r) const {
    if (r.instance == Uuid{}) recorder.line("router", "announces", r.token);
  }
  template <typename Other>
  void operator()(const Other& /*no job moves*/) const {}
};

Named named(std::size_t session) { return {"session", static_cast<std::int64_t>(session)}; }

struct WriteSend {
  Recorder& recorder;
  const std::string& who;
  std::size_t session;

  void operator()(const wire::RunItem& m) const {
    if (session == 0) {
      return recorder.line("router", "out", m.token, who, m.attempt, label_of(m.payload));
    }
    recorder.line("router", "out", m.token, who, m.attempt, label_of(m.payload), named(session));
  }
  void operator()(const core::ToGuideWorker& m) const {
    recorder.line("router", "out", m.token, who, 0, label_of(m.body));
  }
  void operator()(const wire::Confirm& m) const {
    JobId id = m.first;
    for (std::uint32_t i = 0; i < m.count; ++i, ++id.sequence) {
      recorder.line("router", "confirms", id);
    }
  }
  void operator()(const wire::JobResult& m) const {
    if (m.end != wire::End::unknown) recorder.line("router", "confirms", m.job);
  }
  void operator()(const wire::TokenRun& run) const {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      recorder.line("router", "settles", wire::behind(run.first, i), who);
    }
  }
  template <typename Other>
  void operator()(const Other& /*says nothing of a job*/) const {}
};

}  // namespace

std::string_view label_of(std::string_view payload) { return payload.substr(0, payload.find(':')); }

Transcript::Transcript(const Schedule& schedule, bool verbose)
    : schedule_(schedule),
      verbose_(verbose),
      printer_(names_, WallTime{Milliseconds{first_wall_ms}}) {}

void Transcript::say(std::string_view text) {
  if (!verbose_) return;
  std::printf("%10.3f %.*s\n",
              static_cast<double>(schedule_.now().time_since_epoch().count()) / 1e6,
              static_cast<int>(text.size()), text.data());
}

void Transcript::opened(const Connection& connection) {
  if (!verbose_) return;
  const auto kind = connection.side == core::Side::frontend ? scenarios::PeerKind::client
                                                            : scenarios::PeerKind::worker;
  names_.connect(connection.program->name(), kind);
}

void Transcript::step(Recorder& recorder, const Network& network, const core::Event& event,
                      const core::Effects& effects, core::JournalSequence first) {
  if (const auto* from = std::get_if<core::FromWorker>(&event)) {
    const std::string& who = network.connection(from->peer).who;
    if (const auto* hello = std::get_if<wire::WorkerHello>(&from->message)) {
      if (!is_refused(effects, from->peer)) remember(from->peer, who, hello->instance);
    } else if (const auto* outcomes = std::get_if<wire::OutcomeMessage>(&from->message)) {
      const std::size_t session = session_of(from->peer);
      const auto got = [&](const Token& token, wire::Outcome outcome) {
        if (session == 0) {
          recorder.line("router", "got", token, name_of(outcome), who);
        } else {
          recorder.line("router", "got", token, name_of(outcome), who, named(session));
        }
      };
      for (const wire::OutcomeItem& item : outcomes->entries) {
        for (std::uint32_t i = 0; i < item.count; ++i) {
          got(wire::behind(item.token, i), item.outcome);
        }
      }
    } else if (const auto* reply = std::get_if<wire::GuideReply>(&from->message)) {
      recorder.line("router", "got", reply->token, "done", who);
    }
  }
  core::JournalSequence number = first;
  for (const core::Record& record : effects.records) {
    std::visit(WriteRecord{recorder, number}, record);
    number += core::count_of(record);
  }
  for (const core::Note& note : effects.notes) {
    if (note.kind == core::NoteKind::recovery_started) recorder.line("router", "recovering");
    if (note.kind == core::NoteKind::recovery_over) recorder.line("router", "recovered");
  }
  for (const core::Send& send : effects.sends) {
    const std::string& who = network.connection(send.peer).who;
    std::visit(WriteSend{recorder, who, session_of(send.peer)}, send.message);
    remember(send);
  }
  if (!verbose_) return;
  std::istringstream lines(printer_.effects(effects, first));
  for (std::string line; std::getline(lines, line);) say("  " + line);
}

void Transcript::remember(const core::Send& send) {
  if (const auto* run = std::get_if<wire::RunItem>(&send.message)) {
    newest_[run->token.job] = run->token;
  } else if (const auto* request = std::get_if<core::ToGuideWorker>(&send.message)) {
    newest_[request->token.job] = request->token;
  }
}

bool Transcript::is_outdone(const Token& token) const {
  const auto newest = newest_.find(token.job);
  return newest != newest_.end() && newest->second != token;
}

void Transcript::remember(Peer peer, const std::string& who, const Uuid& instance) {
  auto& instances = instances_[who];
  const auto index = static_cast<std::size_t>(peer);
  if (index >= sessions_.size()) sessions_.resize(index + 1);
  sessions_[index] = instances.try_emplace(instance, instances.size()).first->second;
}

std::size_t Transcript::session_of(Peer peer) const {
  const auto index = static_cast<std::size_t>(peer);
  return index < sessions_.size() ? sessions_[index] : 0;
}

void Transcript::status(Recorder& recorder, const core::Router& router) {
  const core::Counters& c = router.counters();
  const core::QueueCounts t = router.totals();
  const auto word = [](std::string_view name, std::uint64_t value) {
    return Named{name, static_cast<std::int64_t>(value)};
  };
  recorder.line("router", "status", word("accepted", c.accepted), word("ready", t.ready),
                word("held", t.held), word("later", t.later), word("dead", t.dead),
                word("done", c.done), word("cancelled", c.cancelled), word("expired", c.expired),
                word("removed", c.removed));
}

void Transcript::dump(Recorder& recorder, const journal::MemoryState& state) {
  for (const auto& [id, job] : state.ready) recorder.line("disk", "has", "ready", id);
  for (const auto& [due, job] : state.later) recorder.line("disk", "has", "later", due.second);
  for (const auto& [id, job] : state.dead) recorder.line("disk", "has", "dead", id);
}

}  // namespace zcrew::sim
