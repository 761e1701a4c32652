#include "liar_program.h"

#include "client_program.h"
#include "transcript.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "worker_program.h"
#include "world.h"

namespace zcrew::sim {
namespace {

constexpr Duration for_ever = std::chrono::hours{24 * 365};

}  // namespace

void LiarProgram::start() {
  side_ = world_.chance().one_in(3) ? core::Side::frontend : core::Side::backend;
  world_.recorder().line(id(), "liar");
  line = world_.network().open(*this, side_);
}

void LiarProgram::stopped() { jobs_.clear(); }

// A world that is to come to rest has no place for it.
void LiarProgram::heal() { end(false, for_ever); }

void LiarProgram::disconnected() {
  later(Milliseconds{50}, [this] { line = world_.network().open(*this, side_); });
}

void LiarProgram::connected() {
  say_hello();
  beat(line);
  lie_sometimes(line);
}

template <typename Message>
void LiarProgram::send(const Message& message) {
  wire::encode(message, last_);
  if (line) world_.network().send(line, {last_});
}

void LiarProgram::say_hello() {
  if (side_ == core::Side::frontend) {
    wire::ClientHello hello;
    hello.session = world_.chance().uuid();
    hello.floor = 1 + world_.chance().below(3);
    hello.name = name();
    return send(hello);
  }
  wire::WorkerHello hello;
  hello.instance = world_.chance().uuid();
  hello.name = name();
  hello.weight = world_.chance().small(3);
  hello.concurrency = world_.chance().small(3);
  hello.queues = {"default"};
  hello.recalls = true;  // and never gives anything back
  // Attempts nobody ever had. (Those of an earlier router it may not claim: that one's workers are
  // taken at their word.)
  Token token = world_.some_token();
  token.epoch += 1000;
  if (world_.chance().one_in(2)) hello.held.push_back(token);
  ++token.handout;
  if (world_.chance().one_in(2)) hello.finished.push_back(token);
  send(hello);
}

void LiarProgram::beat(Line on) {
  if (line != on) return;
  send(wire::Heartbeat{});
  later(world_.options().core.heartbeat, [this, on] { beat(on); });
}

void LiarProgram::lie_sometimes(Line on) {
  later(world_.chance().between({}, std::chrono::seconds{1}), [this, on] {
    if (line != on) return;
    if (world_.chance().one_in(4)) {
      send_damaged();
    } else if (side_ == core::Side::backend) {
      lie_as_worker();
    } else {
      lie_as_client();
    }
    if (line && world_.chance().one_in(10)) {  // flaps
      close_line();
      return disconnected();
    }
    lie_sometimes(on);
  });
}

// Any bytes, or the last frame with a few of them changed, or cut short.
void LiarProgram::send_damaged() {
  Chance& chance = world_.chance();
  Frames frames{last_};
  if (chance.one_in(3)) {
    const std::uint64_t size = chance.below(40);  // drawn first, by every compiler
    frames[0].assign(size, static_cast<char>(chance.below(256)));
  }
  for (unsigned i = chance.small(4); i > 0 && !frames[0].empty(); --i) {
    frames[0][chance.below(frames[0].size())] = static_cast<char>(chance.below(256));
  }
  if (chance.one_in(3)) frames[0].resize(chance.below(frames[0].size() + 1));
  // Behind an empty frame it would be a Guide client's request.
  if (chance.one_in(5) && !frames[0].empty()) frames.emplace_back("one more");
  world_.network().send(line, std::move(frames));
}

void LiarProgram::lie_as_worker() {
  switch (world_.chance().below(6)) {
    case 0:
      return say_hello();  // as somebody else, on this connection
    case 1:
      return send(wire::Drain{});
    case 2:
      return send(wire::ClientHello{});
    default: {
      const Token token = world_.some_token();
      const auto own = jobs_.find(token);
      return answer(token, static_cast<wire::Outcome>(world_.chance().below(4)),
                    own == jobs_.end() ? "" : own->second);
    }
  }
}

void LiarProgram::lie_as_client() {
  Chance& chance = world_.chance();
  const JobId job = world_.some_token().job;
  switch (chance.below(6)) {
    case 0:
      return say_hello();
    case 1:
      return send(wire::Ask{{job, job}});
    case 2:
      return send(wire::Bye{});
    case 3:
      return send(wire::WorkerHello{});
    default: {
      wire::Submit submit;
      submit.batch = chance.one_in(2) ? 0 : 1000 + chance.below(1000);
      submit.floor = chance.below(5);
      return send(submit);
    }
  }
}

void LiarProgram::received(const Frames& frames) {
  if (side_ == core::Side::frontend || frames.size() != 1) return;
  const auto message = wire::decode_to_worker(frames[0]);
  if (!message) return;
  if (std::holds_alternative<wire::Error>(*message) && world_.chance().one_in(2)) {
    close_line();
    return disconnected();
  }
  const auto* run = std::get_if<wire::RunMessage>(&*message);
  if (run == nullptr) return;
  for (const wire::RunItem& item : run->entries) {
    world_.recorder().line(id(), "run", item.token, item.attempt, label_of(item.payload));
    work(item.token, jobs_[item.token] = right_result(item.payload));
  }
}

void LiarProgram::work(const Token& token, const std::string& result) {
  Token wrong = token;
  switch (world_.chance().below(6)) {
    case 0:
      return;  // never answers
    case 1:
      answer(token, wire::Outcome::done, result);
      return answer(token, wire::Outcome::failed, "changed its mind");
    case 2:
      answer(token, wire::Outcome::failed, "");
      return answer(token, wire::Outcome::done, result);
    case 3:
      ++wrong.handout;
      return answer(wrong, wire::Outcome::rejected, "not its token");
    case 4:
      wrong.epoch += world_.chance().small(3);
      return answer(wrong, wire::Outcome::done, result);
    default:
      return answer(token, wire::Outcome::done, result);
  }
}

void LiarProgram::answer(const Token& token, wire::Outcome outcome, const std::string& bytes) {
  world_.recorder().line(id(), "outcome", token, name_of(outcome));
  wire::Packer<wire::OutcomeItem> packer;
  wire::OutcomeItem item;
  item.token = token;
  item.outcome = outcome;
  item.bytes = bytes;
  for (std::uint64_t i = 1 + world_.chance().below(2); i > 0; --i) packer.add(item);
  last_ = packer.finish();
  if (line) world_.network().send(line, {last_});
}

}  // namespace zcrew::sim
