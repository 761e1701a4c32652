// Time, the journal, people and the router's own life; what peers do is in peer_inputs.cc.
#include "inputs.h"

#include <map>

#include "peer_inputs.h"
#include "words.h"

namespace zcrew::scenarios {
namespace {

bool said_yes(const std::string& value) {
  if (value != "yes" && value != "no") throw ScriptError("yes or no, not " + value);
  return value == "yes";
}

core::Policy parse_policy(std::string_view text) {
  for (unsigned i = 0; i <= static_cast<unsigned>(core::Policy::adaptive); ++i) {
    if (to_text(static_cast<core::Policy>(i)) == text) return static_cast<core::Policy>(i);
  }
  throw ScriptError("no such policy: " + std::string(text));
}

std::vector<JobId> take_ids(Words& words) {
  std::vector<JobId> ids;
  while (!words.empty()) {
    for (const JobId& id : parse_job_ids(words.take("a job"))) ids.push_back(id);
  }
  return ids;
}

// The settings a queue has now, or the usual ones.
core::QueueSettings settings_of(World& world, const std::string& name) {
  const core::Report report = world.core().report();
  for (const core::QueueReport& queue : report.queues) {
    if (queue.settings.name == name) return queue.settings;
  }
  core::QueueSettings settings;
  settings.name = name;
  return settings;
}

core::SetQueue set_queue(World& world, const std::string& name, Words& words) {
  core::QueueSettings s = settings_of(world, name);
  const auto narrow = [&words](const char* option, std::uint32_t value) {
    return static_cast<std::uint32_t>(words.number_or(option, value));
  };
  s.weight = narrow("weight", s.weight);
  s.max_ready = words.number_or("max_ready", s.max_ready);
  s.max_held = narrow("max_held", s.max_held);
  s.attempts = narrow("attempts", s.attempts);
  s.crash_limit = narrow("crash_limit", s.crash_limit);
  s.backoff_ms = narrow("backoff_ms", s.backoff_ms);
  s.backoff_max_ms = narrow("backoff_max_ms", s.backoff_max_ms);
  s.paused = said_yes(words.option_or("paused", s.paused ? "yes" : "no"));
  if (const auto policy = words.option("policy")) s.policy = parse_policy(*policy);
  return core::SetQueue{s};
}

void set(World& world, Words& words) {
  const std::string what = words.take("weight, policy or queue");
  const std::string name = words.take("a name");
  core::Command command{};
  if (what == "weight") {
    command.what =
        core::SetWeight{name, static_cast<std::uint32_t>(parse_number(words.take("the weight")))};
  } else if (what == "policy") {
    command.what = core::SetPolicy{name, parse_policy(words.take("the policy"))};
  } else if (what == "queue") {
    command.what = set_queue(world, name, words);
  } else {
    throw ScriptError("set what: " + what);
  }
  world.step(command);
}

void show_dead(World& world) {
  const journal::DeadPage page = world.journal().read_dead(0, JobId{}, 100);
  for (const journal::DeadLetter& letter : page.letters) {
    world.say(world.printer().dead(letter) + "\n");
  }
}

void report(World& world) {
  world.say(world.printer().report(world.core().report()));
  if (world.core().idle()) world.say("report idle\n");
}

void pass(World& world, Duration until, Words& words) {
  world.pass(until, split(words.option_or("beating", ""), ','));
}

using Action = void (*)(World&, Words&);

const std::map<std::string, Action, std::less<>>& actions() {
  static const std::map<std::string, Action, std::less<>> table = {
      {"client", client_input},
      {"worker", worker_input},
      {"guide-worker", guide_worker_input},
      {"guide-client", guide_client_input},
      {"gone", gone_input},
      {"malformed", malformed_input},
      {"tick", [](World& world, Words&) { world.step(core::Tick{}); }},
      {"stalled",
       [](World& world, Words& words) {
         world.step(core::Stalled{parse_duration(words.take("how long"))});
       }},
      {"space", [](World& world,
                   Words& words) { world.step(core::Space{parse_number(words.take("bytes"))}); }},
      {"shutdown", [](World& world, Words&) { world.step(core::Shutdown{}); }},
      {"set", set},
      {"redrive",
       [](World& world, Words& words) {
         world.step(core::Command{{}, core::RedriveDead{take_ids(words)}});
       }},
      {"remove",
       [](World& world, Words& words) {
         world.step(core::Command{{}, core::RemoveDead{take_ids(words)}});
       }},
      {"commit", [](World& world, Words&) { world.commit(); }},
      {"take", [](World& world, Words&) { world.take_batch(); }},
      {"finish", [](World& world, Words&) { world.finish_batch(); }},
      {"read", [](World& world, Words&) { world.snapshot_read(); }},
      {"deliver", [](World& world, Words&) { world.deliver_read(); }},
      {"crash", [](World& world, Words&) { world.crash(); }},
      {"restart", [](World& world, Words&) { world.restart(); }},
      {"report", [](World& world, Words&) { report(world); }},
      {"show-dead", [](World& world, Words&) { show_dead(world); }},
  };
  return table;
}

}  // namespace

void configure(WorldOptions& options, std::string_view line) {
  Words words(line);
  words.take("config");
  core::Config& c = options.core;
  c.heartbeat = words.duration_or("heartbeat", c.heartbeat);
  c.liveness = static_cast<std::uint32_t>(words.number_or("liveness", c.liveness));
  c.disconnect_grace = words.duration_or("disconnect_grace", c.disconnect_grace);
  c.guide_lease = words.duration_or("guide_lease", c.guide_lease);
  c.resume_wait = words.duration_or("resume_wait", c.resume_wait);
  c.resume_wait_max = words.duration_or("resume_wait_max", c.resume_wait_max);
  c.session_ttl = words.duration_or("session_ttl", c.session_ttl);
  c.result_ttl = words.duration_or("result_ttl", c.result_ttl);
  c.payload_bytes_max = words.number_or("payload_bytes_max", c.payload_bytes_max);
  c.window_jobs = static_cast<std::uint32_t>(words.number_or("window_jobs", c.window_jobs));
  c.window_bytes = words.number_or("window_bytes", c.window_bytes);
  c.ready_bytes = words.number_or("ready_bytes", c.ready_bytes);
  c.age_step = words.duration_or("age_step", c.age_step);
  c.prefetch_max = static_cast<std::uint32_t>(words.number_or("prefetch_max", c.prefetch_max));
  c.prefetch_run_max = words.duration_or("prefetch_run_max", c.prefetch_run_max);
  c.seed = words.number_or("seed", c.seed);
  options.commit_by_itself = words.option_or("commit", "explicit") == "auto";
  options.answers_reads = words.option_or("reads", "auto") == "auto";
  options.shows_start = words.option_or("start", "hidden") == "shown";
  if (!words.empty()) throw ScriptError("unknown setting " + words.take("a setting"));
}

void perform(World& world, std::string_view line) {
  Words words(line);
  Duration time = world.now();
  if (words.peek().substr(0, 2) == "t=") {
    time = parse_duration(words.take("time").substr(2));
  }
  const std::string verb = words.take("an input");
  if (verb == "pass") {
    pass(world, time, words);
  } else {
    world.move_to(time);
    const auto found = actions().find(verb);
    if (found == actions().end()) throw ScriptError("no such input: " + verb);
    found->second(world, words);
  }
  if (!words.empty()) throw ScriptError("left over: " + words.take("a word"));
}

}  // namespace zcrew::scenarios
