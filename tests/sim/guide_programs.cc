#include "guide_programs.h"

#include <algorithm>

#include "client_program.h"
#include "transcript.h"
#include "violation.h"
#include "wire/guide.h"
#include "world.h"

namespace zcrew::sim {
namespace {

constexpr Duration client_patience = Milliseconds{2500};  // the Guide's REQUEST_TIMEOUT

}  // namespace

// ---- ppworker
// ------------------------------------------------------------------------------------

void GuideWorkerProgram::start() {
  spelling_ = world_.chance().one_in(2) ? wire::GuideSpelling::byte : wire::GuideSpelling::word;
  connect();
}

void GuideWorkerProgram::connect() { line = world_.network().open(*this, core::Side::backend); }

void GuideWorkerProgram::connected() {
  record_up();
  waiting_.clear();  // the old connection's
  heard_ = world_.schedule().now();
  if (!busy_) world_.network().send(line, {std::string(wire::ready_frame(spelling_))});
  const Line on = line;
  later(world_.options().core.heartbeat, [this, on] { beat(on); });
}

void GuideWorkerProgram::beat(Line on) {
  if (line != on) return;
  const core::Config& config = world_.options().core;
  const Instant now = world_.schedule().now();
  if (!busy_) {
    if (now - heard_ > config.heartbeat * config.liveness) {
      close_line();
      return connect();
    }
    world_.network().send(line, {std::string(wire::heartbeat_frame(spelling_))});
  }
  later(config.heartbeat, [this, on] { beat(on); });
}

// What arrives while it works waits in its socket: one that was given up may have been sent more.
void GuideWorkerProgram::received(const Frames& frames) {
  if (busy_) return waiting_.push_back(frames);
  heard_ = world_.schedule().now();
  if (frames.size() == 1) {
    if (frames[0] != wire::heartbeat_frame(spelling_)) {
      violated(name() + " cannot read that spelling");
    }
    return;
  }
  const auto token = frames.size() == 3 ? wire::decode_envelope(frames[0]) : std::nullopt;
  if (!token || !frames[1].empty()) violated(name() + " got what is no request");
  work(frames[0], *token, frames[2]);
}

void GuideWorkerProgram::work(const std::string& envelope, const Token& token,
                              const std::string& body) {
  Chance& chance = world_.chance();
  busy_ = token;
  world_.recorder().line(id(), "run", token, 0, label_of(body), "guide");
  Duration length = chance.between({}, world_.options().job_time * 2);
  if (!world_.is_healing() && chance.one_in(10)) length += world_.options().core.guide_lease;
  later(length, [this, envelope, token, body] {
    busy_.reset();
    world_.recorder().line(id(), "outcome", token, "done");
    // Without a connection the reply is lost with the socket.
    if (line) world_.network().send(line, {envelope, "", right_result(body)});
    std::deque<Frames> waiting;
    waiting.swap(waiting_);
    for (const Frames& each : waiting) received(each);
  });
}

// ---- lpclient
// ------------------------------------------------------------------------------------

void GuideClientProgram::start() { rest(); }

void GuideClientProgram::rest() {
  later(world_.chance().between(Duration{1}, world_.options().submit_every * 10), [this] {
    if (world_.is_healing()) return;
    label_ = world_.next_label(name());
    world_.recorder().line(id(), "submit", label_, "memory");
    ask();
  });
}

void GuideClientProgram::disconnected() {
  if (!label_.empty()) later(Milliseconds{100}, [this] { ask(); });
}

void GuideClientProgram::ask() {
  if (line) return;
  line = world_.network().open(*this, core::Side::frontend);
  const Line on = line;
  later(client_patience, [this, on] {
    if (line != on) return;
    close_line();
    disconnected();
  });
}

void GuideClientProgram::connected() { world_.network().send(line, {"", label_ + ":"}); }

void GuideClientProgram::received(const Frames& frames) {
  if (frames.size() != 2 || !frames[0].empty()) violated(name() + " got what is no reply");
  // A liar's damaged frame may name another job than the one it has a result of.
  const bool is_right = world_.options().liars > 0 || frames[1] == right_result(label_ + ":");
  if (label_.empty() || !is_right) {
    violated(name() + " got a reply it did not ask for");
  }
  label_.clear();
  close_line();
  rest();
}

}  // namespace zcrew::sim
