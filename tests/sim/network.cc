#include "network.h"

#include <algorithm>

#include "program.h"
#include "router_process.h"
#include "violation.h"

namespace zcrew::sim {
namespace {

constexpr Duration retry_interval = Milliseconds{100};  // ZeroMQ's ZMQ_RECONNECT_IVL

std::size_t bytes_of(const Frames& frames) {
  std::size_t bytes = 0;
  for (const std::string& frame : frames) bytes += frame.size();
  return bytes;
}

}  // namespace

Duration Network::travel(const HostLink& link, std::size_t bytes) {
  return Duration{static_cast<std::int64_t>(bytes * 1'000'000 / link.bytes_per_s)};
}

Line Network::open(Program& program, core::Side side) {
  const Line line = &lines_.emplace_back();
  line->peer = static_cast<Peer>(lines_.size());
  line->side = side;
  line->program = &program;
  line->who = program.id();
  router_->hear_opened(*line);
  try_to_connect(line);
  return line;
}

void Network::try_to_connect(Line line) {
  const HostLink& host = line->program->link;
  const Instant answer = std::max({schedule_.now() + delay(), host.up_blocked, host.down_blocked});
  schedule_.at(answer, [this, line] {
    if (line->program->line != line) return;  // given up
    if (!router_->is_up()) {
      schedule_.after(retry_interval, [this, line] { try_to_connect(line); });
      return;
    }
    line->made = line->passes = line->router_has = true;
    line->router_life = router_->life();
    line->program->hear_connected(line);
  });
}

void Network::send(Line line, Frames frames) {
  if (!line->made) return;
  const HostLink& host = line->program->link;
  const Duration travels = delay() + travel(host, bytes_of(frames));
  line->up = std::max({line->up, schedule_.now(), host.up_blocked}) + travels;
  schedule_.at(line->up, [this, line, frames = std::move(frames)]() mutable {
    if (!line->passes || line->router_life != router_->life()) return;
    for (const std::string& frame : frames) recorder_.trace(frame);
    router_->hear(line->peer, line->side, std::move(frames));
  });
}

bool Network::deliver(Peer peer, core::Side side, std::span<const std::string_view> frames) {
  const auto index = static_cast<std::size_t>(peer);
  if (index == 0 || index > lines_.size()) violated("a send to a peer that never was");
  const Line line = &lines_[index - 1];
  if (line->side != side) violated("a send on the wrong side");
  if (!line->router_has) return false;
  for (const std::string_view frame : frames) recorder_.trace(frame);
  if (!line->passes) return true;  // into the void: only this end does not know
  Frames copies(frames.begin(), frames.end());
  const HostLink& host = line->program->link;
  const Duration travels = delay() + travel(host, bytes_of(copies));
  line->down = std::max({line->down, schedule_.now(), host.down_blocked}) + travels;
  schedule_.at(line->down, [line, copies = std::move(copies)]() mutable {
    if (line->passes) line->program->hear(line, std::move(copies));
  });
  return true;
}

const Connection& Network::connection(Peer peer) const {
  return lines_[static_cast<std::size_t>(peer) - 1];
}

void Network::forget(Peer peer) { lines_[static_cast<std::size_t>(peer) - 1].router_has = false; }

// A send fails because there is no connection any more.
void Network::refuse(Peer peer) {
  const Line line = &lines_[static_cast<std::size_t>(peer) - 1];
  line->router_has = false;
  cut(line, Heard::program);
}

void Network::tell_router(Line line) {
  const Instant heard = std::max(schedule_.now() + delay(), line->program->link.up_blocked);
  schedule_.at(heard, [this, line] {
    if (!line->router_has || line->router_life != router_->life()) return;
    line->router_has = false;
    router_->hear_gone(line->peer);
  });
}

// What was sent before the close still arrives, as with TCP.
void Network::close(Line line) {
  if (!line->made || !line->passes) return;
  recorder_.line(line->who, "cut");
  const bool is_lost = chance_.percent(options_.half_open_percent);
  if (is_lost) {
    line->passes = false;  // its host is gone as well: the router has to find out
    return;
  }
  schedule_.at(std::max(line->up, schedule_.now()), [this, line] {
    line->passes = false;
    tell_router(line);
  });
}

bool Network::has_last_words() const {
  return std::any_of(lines_.begin(), lines_.end(), [this](const Connection& line) {
    return line.passes && line.program->line != &line && line.up > schedule_.now();
  });
}

void Network::cut(Line line, Heard heard) {
  if (!line->made || !line->passes) return;
  line->passes = false;
  recorder_.line(line->who, "cut");
  if (heard != Heard::router) {
    schedule_.after(delay(), [line] { line->program->hear_cut(line); });
  }
  if (heard != Heard::program) tell_router(line);
}

void Network::router_died() {
  for (Connection& line : lines_) {
    line.router_has = false;
    if (line.passes) cut(&line, Heard::program);
  }
}

}  // namespace zcrew::sim
