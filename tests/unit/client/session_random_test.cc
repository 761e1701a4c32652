// A producer and a model router over connections that break, with a router that crashes, for
// thousands of seeds. Promised: every job is accepted exactly once, whatever happens; the user
// hears of each exactly once; what was confirmed is never lost.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <deque>

#include "client/session.h"
#include "model_router.h"
#include "talk.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace zcrew::client {
namespace {

struct Said {  // to the user, about one ticket
  int confirmed = 0;
  int finished = 0;
  int refused = 0;
};

class World {
 public:
  explicit World(std::uint64_t seed)
      : prng_(seed), router_(prng_, mishaps()), session_({Uuid{}, "test", seed}, now_) {}

  void run();
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  [[nodiscard]] std::size_t jobs() const { return submitted_.size(); }

 private:
  struct Submitted {
    std::string payload;
    bool wants_result = false;
    Said said;
  };

  Mishaps mishaps();
  void submit_some();
  void deliver_to_router(std::size_t at_most);
  void deliver_to_client(std::size_t at_most);
  void break_link();
  void crash_router();
  void misfortune();
  void turn();
  void carry_out(const Effects& effects);
  void hear(const Event& event);
  [[nodiscard]] bool settled() const;
  void judge();
  void complain(std::string text) { complaints_.push_back(std::move(text)); }
  bool chance(std::uint64_t permille) { return prng_.below(1000) < permille; }

  core::Prng prng_;
  Instant now_{std::chrono::seconds{1}};
  ModelRouter router_;
  Session session_;
  Effects effects_;
  std::vector<Submitted> submitted_;  // by ticket - 1
  std::size_t to_submit_ = 20 + prng_.below(60);

  bool router_is_up_ = true;
  std::optional<std::uint64_t> peer_;         // the session's connection
  std::deque<ModelRouter::Frame> to_router_;  // of all connections, old ones too
  std::deque<std::string> to_client_;         // of the present one
  std::vector<std::string> complaints_;
};

Mishaps World::mishaps() {
  Mishaps mishaps;
  if (chance(300)) mishaps.lost_answer = prng_.below(200);
  if (chance(300)) mishaps.repeated_answer = prng_.below(300);
  if (chance(400)) mishaps.refused_batch = prng_.below(500);
  if (chance(200)) mishaps.forgotten_session = prng_.below(100);
  mishaps.welcomes_with_durable = chance(500);
  return mishaps;
}

void World::submit_some() {
  for (std::uint64_t count = 1 + prng_.below(8); count > 0 && to_submit_ > 0; --count) {
    --to_submit_;
    Submitted job;
    job.payload = std::to_string(submitted_.size() + 1);
    if (chance(30)) job.payload = std::string(ModelRouter::faulty) + job.payload;
    if (chance(20)) job.payload += std::string(100, 'x');
    job.wants_result = chance(300);
    submitted_.push_back(job);
    const char* const queue = chance(200) ? "other" : "default";
    session_.set_options(JobOptions(client::job("", queue, job.wants_result)));
    const Ticket ticket = session_.submit(std::string(job.payload), effects_);
    if (ticket != submitted_.size()) complain("tickets are not consecutive");
  }
}

void World::deliver_to_router(std::size_t at_most) {
  for (; at_most > 0 && !to_router_.empty(); --at_most) {
    // Different connections are read in any order, each in its own.
    auto at = to_router_.begin();
    if (chance(300)) {
      const std::uint64_t peer = to_router_[prng_.below(to_router_.size())].peer;
      while (at->peer != peer) ++at;
    }
    const ModelRouter::Frame frame = std::move(*at);
    to_router_.erase(at);
    if (router_is_up_) router_.receive(frame.peer, frame.bytes);
  }
  while (!router_.outbox.empty()) {
    if (router_.outbox.front().peer == peer_) {
      to_client_.push_back(std::move(router_.outbox.front().bytes));
    }
    router_.outbox.pop_front();
  }
}

void World::deliver_to_client(std::size_t at_most) {
  for (; at_most > 0 && !to_client_.empty() && peer_; --at_most) {
    const std::string frame = std::move(to_client_.front());
    to_client_.pop_front();
    const auto message = wire::decode_to_client(frame);
    if (!message) {
      complain("the model sent nonsense");
      return;
    }
    session_.received(*message, now_, effects_);
    // What it wants at once (a close) must be seen before the next message.
    for (const Event& each : effects_.events) hear(each);
    effects_.events.clear();
    if (effects_.close) turn();
  }
}

// What is on its way to the router may still arrive, even after the next connection's HELLO.
void World::break_link() {
  if (!peer_) return;
  if (chance(500)) to_router_.clear();
  peer_.reset();
  to_client_.clear();
  session_.disconnected("test", now_, effects_);
}

void World::crash_router() {
  break_link();
  to_router_.clear();
  router_.crash();
  router_is_up_ = false;
}

void World::turn() {
  session_.turn(now_, effects_);
  Effects effects;
  std::swap(effects, effects_);
  carry_out(effects);
}

void World::carry_out(const Effects& effects) {
  for (const Event& each : effects.events) hear(each);
  for (const Outgoing& each : effects.sends) {
    std::string frame;
    std::visit([&](const auto& message) { wire::encode(message, frame); }, each);
    if (peer_) to_router_.push_back({*peer_, std::move(frame)});
  }
  if (effects.close) {
    peer_.reset();
    to_client_.clear();
  }
}

void World::hear(const Event& event) {
  if (const auto* run = std::get_if<ConfirmedRun>(&event)) {
    for (std::uint32_t i = 0; i < run->count; ++i) {
      Submitted& job = submitted_.at(run->first + i - 1);
      ++job.said.confirmed;
      JobId id = run->job;
      id.sequence += i;
      if (!router_.is_safe(id, job.payload)) complain("confirmed, but not safe: " + job.payload);
    }
  } else if (const auto* finished = std::get_if<FinishedJob>(&event)) {
    Submitted& job = submitted_.at(finished->ticket - 1);
    ++job.said.finished;
    const bool right = finished->end == wire::End::unknown || finished->bytes == job.payload;
    if (!right) complain("the result of " + finished->bytes + " for " + job.payload);
  } else if (const auto* refused = std::get_if<RefusedJob>(&event)) {
    ++submitted_.at(refused->ticket - 1).said.refused;
  }
}

void World::misfortune() {
  if (chance(6)) break_link();
  if (chance(4)) crash_router();
  if (chance(40)) router_is_up_ = true;
}

bool World::settled() const {
  for (const Submitted& job : submitted_) {
    const bool heard = job.said.refused > 0 || job.said.finished > 0 ||
                       (!job.wants_result && job.said.confirmed > 0);
    if (!heard) return false;
  }
  return to_submit_ == 0;
}

void World::run() {
  constexpr int troubled_steps = 600;
  constexpr int healing_steps = 3000;
  for (int step = 0; step < troubled_steps + healing_steps; ++step) {
    const bool healing = step >= troubled_steps;
    if (step == troubled_steps) {
      router_.heal();
      router_is_up_ = true;
      break_link();  // lost results are asked for after a reconnect
    }
    if (healing && settled()) break;
    now_ += Milliseconds{static_cast<std::int64_t>(prng_.below(healing ? 200 : 40))};
    if (!healing) misfortune();
    if (chance(200)) submit_some();
    if (session_.link_state() == Link::State::connecting && router_is_up_ && chance(300)) {
      peer_ = router_.connect();
      session_.connected(now_);
    }
    if (chance(700)) deliver_to_router(prng_.below(8));
    if (router_is_up_ && chance(200)) router_.begin_commit();
    if (router_is_up_ && chance(200)) router_.finish_commit();
    if (router_is_up_ && chance(200)) router_.end_some_job();
    if (router_is_up_ && healing && chance(100)) router_.end_all_jobs();
    if (chance(700)) deliver_to_client(prng_.below(8));
    if (chance(800)) turn();
  }
  judge();
}

void World::judge() {
  for (const std::string& each : router_.complaints()) complain(each);
  for (const Submitted& job : submitted_) {
    const int accepted = router_.accepted(job.payload);
    const Said& said = job.said;
    if (said.refused > 0) {
      if (accepted != 0 || said.refused != 1 || said.confirmed + said.finished > 0) {
        complain("refused, and yet accepted: " + job.payload);
      }
      continue;
    }
    // A crash may have lost the trace of one that had ended, never of one that had not.
    const bool once = accepted == 1 || (accepted == 0 && router_.was_done(job.payload));
    if (!once) complain(job.payload + " is accepted " + std::to_string(accepted) + " times");
    if (said.confirmed > 1 || said.finished != (job.wants_result ? 1 : 0) ||
        (!job.wants_result && said.confirmed != 1)) {
      complain(job.payload + " was told " + std::to_string(said.confirmed) +
               " times as confirmed, " + std::to_string(said.finished) + " times as finished");
    }
  }
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

// ZCREW_SEED=n runs that one; ZCREW_SEEDS=n as many from 1 on.
TEST_CASE("over lost connections and router crashes every job is accepted exactly once") {
  const std::uint64_t one = from_environment("ZCREW_SEED", 0);
  const std::uint64_t first = one != 0 ? one : 1;
  const std::uint64_t last = one != 0 ? one : from_environment("ZCREW_SEEDS", 2000);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    World world(seed);
    world.run();
    if (world.complaints().empty()) continue;
    std::string text = "ZCREW_SEED=" + std::to_string(seed);
    for (const std::string& each : world.complaints()) text += "\n  " + each;
    FAIL(text);
  }
}

}  // namespace zcrew::client
