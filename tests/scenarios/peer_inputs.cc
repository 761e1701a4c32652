#include "peer_inputs.h"

#include <deque>

namespace zcrew::scenarios {
namespace {

// Keeps the strings alive that a message's views point to.
using Texts = std::deque<std::string>;

std::string_view keep(Texts& texts, std::string text) {
  return texts.emplace_back(std::move(text));
}

std::uint64_t ms_or(Words& words, std::string_view name, Duration otherwise = {}) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<Milliseconds>(words.duration_or(name, otherwise)).count());
}

std::uint64_t us_or(Words& words, std::string_view name) {
  return static_cast<std::uint64_t>(words.duration_or(name, Duration{0}).count());
}

wire::ResultMode parse_mode(const std::string& text) {
  if (text == "caller") return wire::ResultMode::caller;
  if (text == "keep") return wire::ResultMode::keep;
  if (text == "none") return wire::ResultMode::none;
  throw ScriptError("no such result mode: " + text);
}

wire::JobOptions parse_options(Words& words, Texts& texts) {
  wire::JobOptions options;
  options.queue = keep(texts, words.option_or("queue", "default"));
  options.priority = static_cast<Priority>(words.number_or("priority", options.priority));
  options.delay_ms = ms_or(words, "delay");
  options.attempts = static_cast<std::uint32_t>(words.number_or("attempts", 0));
  options.backoff_ms = static_cast<std::uint32_t>(ms_or(words, "backoff"));
  options.time_limit_ms = ms_or(words, "time_limit");
  options.expires_ms = ms_or(words, "expires");
  options.result = parse_mode(words.option_or("result", "none"));
  options.at_most_once = words.flag("at_most_once");
  return options;
}

// "a" is one job with that payload; "a*3" is a1, a2, a3; "a@7" has index 7 and "a:2000" is padded
// with dots to 2000 bytes.
void parse_item(std::string text, std::string_view key, std::uint32_t& index,
                std::vector<wire::SubmitItem>& items, Texts& texts) {
  std::uint64_t copies = 0;
  std::uint64_t size = 0;
  for (const char mark : {':', '@', '*'}) {
    const auto at = text.rfind(mark);
    if (at == std::string::npos) continue;
    const std::uint64_t number = parse_number(std::string_view(text).substr(at + 1));
    text.resize(at);
    if (mark == ':') size = number;
    if (mark == '@') index = static_cast<std::uint32_t>(number);
    if (mark == '*') copies = number;
  }
  for (std::uint64_t i = 1; i <= std::max<std::uint64_t>(copies, 1); ++i) {
    std::string payload = copies == 0 ? text : text + std::to_string(i);
    if (payload.size() < size) payload.resize(size, '.');
    items.push_back(wire::SubmitItem{index++, keep(texts, std::move(payload)), key});
  }
}

void submit(World& world, Peer peer, Words& words) {
  Texts texts;
  wire::Submit message;
  message.batch = parse_number(words.take("the batch"));
  message.floor = words.number_or("floor", 1);
  std::uint32_t index = 0;
  for (Words& group : words.groups()) {
    wire::SubmitGroup out;
    out.options = parse_options(group, texts);
    const std::string_view key = keep(texts, group.option_or("key", ""));
    while (!group.empty()) parse_item(group.take("a job"), key, index, out.items, texts);
    message.groups.push_back(std::move(out));
  }
  world.step(core::FromClient{peer, std::move(message)});
}

void client_hello(World& world, const std::string& program, Words& words) {
  Texts texts;
  wire::ClientHello hello;
  hello.version = static_cast<std::uint8_t>(words.number_or("version", wire::protocol_version));
  hello.session = world.names().uuid(words.option_or("session", program));
  hello.floor = words.number_or("floor", 1);
  hello.name = keep(texts, words.option_or("name", program));
  const Peer peer = words.flag("again") ? world.names().find(program)
                                        : world.names().connect(program, PeerKind::client);
  world.step(core::FromClient{peer, hello});
}

std::vector<JobId> take_jobs(Words& words) {
  std::vector<JobId> ids;
  while (!words.empty()) {
    for (const JobId& id : parse_job_ids(words.take("a job"))) ids.push_back(id);
  }
  return ids;
}

// A program that speaks before its HELLO needs a connection, too.
Peer peer_of(World& world, const std::string& program, Words& words, PeerKind kind) {
  return words.flag("new") ? world.names().connect(program, kind) : world.names().find(program);
}

std::vector<Token> tokens(World& world, const std::string& program,
                          std::optional<std::string> list) {
  std::vector<Token> tokens;
  if (!list) return tokens;
  for (const std::string& text : split(*list, ',')) {
    tokens.push_back(world.names().token(program, text));
  }
  return tokens;
}

void worker_hello(World& world, const std::string& program, Words& words) {
  Texts texts;
  wire::WorkerHello hello;
  hello.version = static_cast<std::uint8_t>(words.number_or("version", wire::protocol_version));
  hello.instance = world.names().uuid(words.option_or("instance", program));
  hello.name = keep(texts, words.option_or("name", program));
  hello.weight = static_cast<std::uint32_t>(words.number_or("weight", 1));
  hello.concurrency = static_cast<std::uint32_t>(words.number_or("concurrency", 0));
  for (std::string& queue : split(words.option_or("queues", "default"), ',')) {
    hello.queues.push_back(keep(texts, std::move(queue)));
  }
  hello.held = tokens(world, program, words.option("held"));
  hello.finished = tokens(world, program, words.option("finished"));
  hello.recalls = words.flag("recalls");
  hello.connection = static_cast<std::uint32_t>(words.number_or("connection", 0));
  const Peer peer = words.flag("again") ? world.names().find(program)
                                        : world.names().connect(program, PeerKind::worker);
  world.step(core::FromWorker{peer, std::move(hello)});
}

std::optional<wire::Outcome> parse_outcome(std::string_view text) {
  for (const wire::Outcome outcome : {wire::Outcome::done, wire::Outcome::failed,
                                      wire::Outcome::rejected, wire::Outcome::released}) {
    if (to_text(outcome) == text) return outcome;
  }
  return std::nullopt;
}

// `worker w1 done q1p5n1 q1p5n2 run=5ms | failed q1p5n3 bytes="no disk"`: one message.
void outcomes(World& world, const std::string& program, Peer peer, Words& words) {
  Texts texts;
  wire::OutcomeMessage message;
  for (Words& group : words.groups()) {
    wire::OutcomeItem item;
    const auto outcome = parse_outcome(group.take("an outcome"));
    if (!outcome) throw ScriptError("not an outcome");
    item.outcome = *outcome;
    item.run_us = us_or(group, "run");
    item.held_us = us_or(group, "held");
    item.delay_ms = ms_or(group, "delay");
    item.bytes = keep(texts, group.option_or("bytes", ""));
    while (!group.empty()) {
      const std::string text = group.take("a job");
      if (text.find("..") == std::string::npos) {
        item.token = world.names().token(program, text);
        message.entries.push_back(item);
        continue;
      }
      for (const JobId& id : parse_job_ids(text)) {
        item.token = world.names().token(program, zcrew::to_text(id));
        message.entries.push_back(item);
      }
    }
  }
  world.step(core::FromWorker{peer, std::move(message)});
}

}  // namespace

void client_input(World& world, Words& words) {
  const std::string program = words.take("a client");
  if (words.peek() == "hello") {
    words.take("hello");
    return client_hello(world, program, words);
  }
  const Peer peer = peer_of(world, program, words, PeerKind::client);
  const std::string verb = words.take("what the client does");
  if (verb == "submit") return submit(world, peer, words);
  if (verb == "ask") return world.step(core::FromClient{peer, wire::Ask{take_jobs(words)}});
  if (verb == "ack") return world.step(core::FromClient{peer, wire::Acknowledge{take_jobs(words)}});
  if (verb == "heartbeat") return world.step(core::FromClient{peer, wire::Heartbeat{}});
  if (verb == "bye") return world.step(core::FromClient{peer, wire::Bye{}});
  throw ScriptError("a client does not " + verb);
}

void worker_input(World& world, Words& words) {
  std::string program = words.take("a worker");
  if (words.peek() == "hello") {
    words.take("hello");
    return worker_hello(world, program, words);
  }
  const Peer peer = peer_of(world, program, words, PeerKind::worker);
  program = world.names().program(peer);
  if (parse_outcome(words.peek())) return outcomes(world, program, peer, words);
  const std::string verb = words.take("what the worker does");
  if (verb == "heartbeat") {
    const std::uint64_t coming = words.number_or("coming_bytes", 0);
    return world.step(core::FromWorker{peer, wire::Heartbeat{coming}});
  }
  if (verb == "drain") return world.step(core::FromWorker{peer, wire::Drain{}});
  if (verb == "bye") return world.step(core::FromWorker{peer, wire::Bye{}});
  throw ScriptError("a worker does not " + verb);
}

void guide_worker_input(World& world, Words& words) {
  const std::string program = words.take("a Guide worker");
  const std::string verb = words.take("what the Guide worker does");
  if (verb == "ready") {
    const bool word = words.flag("word");
    const PeerKind kind = word ? PeerKind::guide_word : PeerKind::guide_byte;
    const Peer peer =
        words.flag("again") ? world.names().find(program) : world.names().connect(program, kind);
    const auto spelling = word ? wire::GuideSpelling::word : wire::GuideSpelling::byte;
    return world.step(core::FromWorker{peer, wire::GuideReady{spelling}});
  }
  const Peer peer = world.names().find(program);
  if (verb == "heartbeat") {
    const auto spelling = world.names().kind(peer) == PeerKind::guide_word
                              ? wire::GuideSpelling::word
                              : wire::GuideSpelling::byte;
    return world.step(core::FromWorker{peer, wire::GuideHeartbeat{spelling}});
  }
  if (verb == "reply") {
    const Token token =
        world.names().token(world.names().program(peer), words.take("a job or token"));
    const std::string body = words.take("the body");
    return world.step(core::FromWorker{peer, wire::GuideReply{token, body}});
  }
  throw ScriptError("a Guide worker does not " + verb);
}

void guide_client_input(World& world, Words& words) {
  const std::string program = words.take("a Guide client");
  const std::string verb = words.take("what the Guide client does");
  if (verb != "request") throw ScriptError("a Guide client does not " + verb);
  const Peer peer = words.flag("again") ? world.names().find(program)
                                        : world.names().connect(program, PeerKind::guide_client);
  const std::string body = words.take("the body");
  world.step(core::FromClient{peer, wire::GuideRequest{body}});
}

void gone_input(World& world, Words& words) {
  world.step(core::PeerGone{world.names().find(words.take("a peer"))});
}

void malformed_input(World& world, Words& words) {
  const Peer peer = world.names().find(words.take("a peer"));
  wire::DecodeError error;
  error.native = !words.flag("guide");
  error.text = "not a msgpack array";
  const PeerKind kind = world.names().kind(peer);
  const bool front = kind == PeerKind::client || kind == PeerKind::guide_client;
  world.step(core::Malformed{peer, front ? core::Side::frontend : core::Side::backend, error});
}

}  // namespace zcrew::scenarios
