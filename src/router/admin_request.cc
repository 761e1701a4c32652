#include "router/admin_request.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/limits.h"
#include "router/json_fields.h"
#include "router/report_json.h"

namespace zcrew::router {
namespace {

constexpr std::uint32_t u32_max = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t u64_max = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t dead_page_max = 1000;
constexpr std::uint32_t backoff_max =
    static_cast<std::uint32_t>(std::min<std::uint64_t>(limits::delay_ms_max, u32_max));

std::optional<core::Policy> policy(JsonFields& fields) {
  constexpr std::array all{core::Policy::weighted, core::Policy::round_robin, core::Policy::random,
                           core::Policy::least_loaded, core::Policy::adaptive};
  const auto name = fields.text("policy");
  if (!name) return std::nullopt;
  for (const core::Policy candidate : all) {
    if (to_text(candidate) == *name) return candidate;
  }
  fields.complain("'policy' must be one of weighted, round-robin, random, least-loaded, adaptive.");
  return std::nullopt;
}

std::string queue(JsonFields& fields) { return fields.required("queue", fields.text("queue")); }

AdminRequest list_dead(JsonFields& fields) {
  ListDead list;
  list.queue = fields.text("queue").value_or("");
  list.after = fields.job("after").value_or(JobId{});
  list.limit = fields.number32("limit", 1, dead_page_max).value_or(list.limit);
  return list;
}

AdminRequest show_dead(JsonFields& fields) {
  return ShowDead{fields.required("id", fields.job("id"))};
}

AdminRequest redrive_dead(JsonFields& fields) {
  return core::RedriveDead{fields.required("ids", fields.jobs("ids"))};
}

AdminRequest remove_dead(JsonFields& fields) {
  return core::RemoveDead{fields.required("ids", fields.jobs("ids"))};
}

AdminRequest set_weight(JsonFields& fields) {
  return core::SetWeight{
      fields.required("worker", fields.text("worker")),
      fields.required("weight", fields.number32("weight", 0, limits::weight_max))};
}

AdminRequest set_policy(JsonFields& fields) {
  return core::SetPolicy{queue(fields), fields.required("policy", policy(fields))};
}

AdminRequest set_queue(JsonFields& fields) {
  ChangeQueue change;
  change.queue = queue(fields);
  change.policy = policy(fields);
  change.weight = fields.number32("weight", 1, limits::weight_max);
  change.max_ready = fields.number("max_ready", 0, u64_max);
  change.max_held = fields.number32("max_held", 0, u32_max);
  change.attempts = fields.number32("attempts", 1, limits::attempts_max);
  change.crash_limit = fields.number32("crash_limit", 1, limits::attempts_max);
  change.backoff_ms = fields.number32("backoff_ms", 1, backoff_max);
  change.backoff_max_ms = fields.number32("backoff_max_ms", 1, backoff_max);
  change.paused = fields.flag("paused");
  return change;
}

struct Verb {
  std::string_view name;
  AdminRequest (*read)(JsonFields&);
};

constexpr std::array verbs{
    Verb{"status", [](JsonFields&) { return AdminRequest{AskStatus{}}; }},
    Verb{"queues", [](JsonFields&) { return AdminRequest{AskQueues{}}; }},
    Verb{"workers", [](JsonFields&) { return AdminRequest{AskWorkers{}}; }},
    Verb{"version", [](JsonFields&) { return AdminRequest{AskVersion{}}; }},
    Verb{"dead_list", list_dead},
    Verb{"dead_show", show_dead},
    Verb{"dead_redrive", redrive_dead},
    Verb{"dead_remove", remove_dead},
    Verb{"set_weight", set_weight},
    Verb{"set_policy", set_policy},
    Verb{"set_queue", set_queue},
};

std::string known_verbs() {
  std::string names;
  for (const Verb& verb : verbs) {
    names += names.empty() ? "" : ", ";
    names += verb.name;
  }
  return names;
}

// A verb as an error shows it: the bytes are a stranger's.
std::string_view shown(std::string_view verb) {
  constexpr std::size_t shown_max = 40;
  const bool printable =
      std::all_of(verb.begin(), verb.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  return printable && verb.size() <= shown_max ? verb : std::string_view("that");
}

}  // namespace

Result<AdminRequest, AdminError> parse_admin(std::string_view verb, std::string_view arguments) {
  const auto* found = std::find_if(verbs.begin(), verbs.end(),
                                   [&](const Verb& candidate) { return candidate.name == verb; });
  if (found == verbs.end()) {
    return Unexpected{AdminError{
        wire::ErrorCode::unknown_verb,
        fmt::format("'{}' is no verb of this router; it knows {}.", shown(verb), known_verbs())}};
  }
  if (arguments.size() > arguments_bytes_max) {
    return Unexpected{AdminError{wire::ErrorCode::bad_arguments,
                                 fmt::format("{}: the arguments have {} bytes, {} are allowed; "
                                             "split the request.",
                                             verb, arguments.size(), arguments_bytes_max)}};
  }
  JsonFields fields(arguments);
  AdminRequest request = found->read(fields);
  if (const auto problem = fields.problem()) {
    return Unexpected{
        AdminError{wire::ErrorCode::bad_arguments, fmt::format("{}: {}", verb, *problem)}};
  }
  return request;
}

core::QueueSettings changed(core::QueueSettings settings, const ChangeQueue& change) {
  settings.name = change.queue;
  settings.policy = change.policy.value_or(settings.policy);
  settings.weight = change.weight.value_or(settings.weight);
  settings.max_ready = change.max_ready.value_or(settings.max_ready);
  settings.max_held = change.max_held.value_or(settings.max_held);
  settings.attempts = change.attempts.value_or(settings.attempts);
  settings.crash_limit = change.crash_limit.value_or(settings.crash_limit);
  settings.backoff_ms = change.backoff_ms.value_or(settings.backoff_ms);
  settings.backoff_max_ms = change.backoff_max_ms.value_or(settings.backoff_max_ms);
  settings.paused = change.paused.value_or(settings.paused);
  return settings;
}

}  // namespace zcrew::router
