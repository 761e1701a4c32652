#include "guide_programs.h"

#include <algorithm>

#include "client_program.h"
#include "ledger.h"
#include "simulation.h"

namespace zcrew::sim {
namespace {

constexpr Duration reconnect_max = Milliseconds{300};
constexpr Duration client_patience = Milliseconds{2500};  // the Guide's REQUEST_TIMEOUT

}  // namespace

void GuideWorkerProgram::start() {
  spelling_ = sim_.chance().one_in(2) ? wire::GuideSpelling::byte : wire::GuideSpelling::word;
  busy_.reset();
  lost();
}

void GuideWorkerProgram::lost() {
  later(sim_.chance().between(Duration{1}, reconnect_max), [this] { connect(); });
}

void GuideWorkerProgram::connect() {
  if (line) return;
  line = sim_.connect(*this, core::Side::backend);
  if (!line) return lost();
  heard_ = sim_.schedule().now();
  spelled_at_ = Instant::max();
  if (!busy_) {
    spelled_at_ = heard_;
    sim_.send(line, {wire::BackendMessage{wire::GuideReady{spelling_}}, nullptr});
  }
  later_on_line(sim_.options().core.heartbeat, [this] { beat(); });
}

void GuideWorkerProgram::beat() {
  const core::Config& config = sim_.options().core;
  if (!busy_) {
    if (sim_.schedule().now() - heard_ > config.heartbeat * config.liveness) {
      sim_.disconnect(*this);
      return;
    }
    spelled_at_ = std::min(spelled_at_, sim_.schedule().now());
    sim_.send(line, {wire::BackendMessage{wire::GuideHeartbeat{spelling_}}, nullptr});
  }
  later_on_line(config.heartbeat, [this] { beat(); });
}

void GuideWorkerProgram::received(const core::Message& message) {
  heard_ = sim_.schedule().now();
  if (const auto* beat = std::get_if<core::GuideBeat>(&message)) {
    // A reply alone does not tell how its sender spells.
    const bool was_told = spelled_at_ < sim_.schedule().now() - sim_.options().core.heartbeat;
    if (was_told && beat->spelling != spelling_)
      sim_.ledger().violated(name() + " cannot read that spelling");
    return;
  }
  const auto* run = std::get_if<core::ToGuideWorker>(&message);
  if (run == nullptr) sim_.ledger().violated(name() + " got a native message");
  if (busy_) sim_.ledger().violated(name() + " has a job already");
  busy_ = run->token;
  Duration length = sim_.chance().between(Duration{0}, sim_.options().job_time * 2);
  if (!sim_.healing() && sim_.chance().one_in(10)) length += sim_.options().core.guide_lease;
  later(length, [this, token = run->token, label = label_of(run->body)] { reply(token, label); });
}

void GuideWorkerProgram::reply(const Token& token, const std::string& label) {
  busy_.reset();
  sim_.ledger().saw_outcome(token, wire::Outcome::done);
  if (!line) return;  // the reply is lost with the socket
  auto texts = std::make_shared<Texts>();
  wire::GuideReply reply;
  reply.token = token;
  reply.body = texts->keep(right_result(label));
  sim_.send(line, {wire::BackendMessage{reply}, texts});
}

void GuideClientProgram::start() {
  label_.clear();
  rest();
}

void GuideClientProgram::rest() {
  later(sim_.chance().between(Duration{1}, sim_.options().submit_every * 10), [this] {
    if (sim_.healing()) return;
    label_ = sim_.next_label(name());
    ask();
  });
}

void GuideClientProgram::lost() {
  if (!label_.empty()) later(Milliseconds{100}, [this] { ask(); });
}

void GuideClientProgram::ask() {
  if (line) return;
  line = sim_.connect(*this, core::Side::frontend);
  if (!line) return lost();
  auto texts = std::make_shared<Texts>();
  wire::GuideRequest request;
  request.body = texts->keep(label_ + ":");
  sim_.send(line, {wire::FrontendMessage{request}, texts});
  later_on_line(client_patience, [this] { sim_.disconnect(*this); });
}

void GuideClientProgram::received(const core::Message& message) {
  const auto* reply = std::get_if<core::ToGuideClient>(&message);
  if (reply == nullptr) sim_.ledger().violated(name() + " got a native message");
  if (label_.empty() || reply->body != right_result(label_)) {
    sim_.ledger().violated(name() + " got a reply it did not ask for");
  }
  label_.clear();
  sim_.disconnect(*this);
  rest();
}

}  // namespace zcrew::sim
