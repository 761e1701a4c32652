#include "router/report_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "router/payload_text.h"
#include "wire/messages.h"
#include "zcrew/version.h"

namespace zcrew::router {
namespace {

using Json = nlohmann::ordered_json;

// The part of a payload that a reply shows.
constexpr std::size_t payload_shown_max = std::size_t{64} << 10U;

std::string dump(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json counters_of(const core::Counters& counters) {
  return {{"accepted", counters.accepted},     {"confirmed", counters.confirmed},
          {"duplicates", counters.duplicates}, {"done", counters.done},
          {"failed", counters.failed},         {"rejected", counters.rejected},
          {"released", counters.released},     {"retried", counters.retried},
          {"crashed", counters.crashed},       {"cancelled", counters.cancelled},
          {"expired", counters.expired},       {"removed", counters.removed},
          {"resumed", counters.resumed},       {"stale", counters.stale},
          {"malformed", counters.malformed}};
}

Json queue_of(const core::QueueReport& queue) {
  const core::QueueSettings& settings = queue.settings;
  return {{"name", settings.name},
          {"number", queue.number},
          {"policy", to_text(settings.policy)},
          {"weight", settings.weight},
          {"paused", settings.paused},
          {"ready", queue.counts.ready},
          {"held", queue.counts.held},
          {"later", queue.counts.later},
          {"dead", queue.counts.dead},
          {"bytes", queue.counts.bytes},
          {"max_ready", settings.max_ready},
          {"max_held", settings.max_held},
          {"attempts", settings.attempts},
          {"crash_limit", settings.crash_limit},
          {"backoff_ms", settings.backoff_ms},
          {"backoff_max_ms", settings.backoff_max_ms}};
}

Json worker_of(const core::WorkerReport& worker) {
  return {{"name", worker.name},
          {"instance", zcrew::to_text(worker.instance)},
          {"dialect", worker.dialect},
          {"state", worker.state},
          {"queues", worker.queues},
          {"weight", worker.weight},
          {"concurrency", worker.concurrency},
          {"held", worker.held},
          {"done", worker.done},
          {"failed", worker.failed},
          {"speed_permille", worker.speed_permille},
          {"service_us", worker.service_us},
          {"round_trip_us", worker.round_trip_us}};
}

Json queues_of(const core::Report& report) {
  Json queues = Json::array();
  for (const auto& queue : report.queues) queues.push_back(queue_of(queue));
  return queues;
}

Json workers_of(const core::Report& report) {
  Json workers = Json::array();
  for (const auto& worker : report.workers) workers.push_back(worker_of(worker));
  return workers;
}

// The attempt that was its last; a rejected one is no failure in the header.
std::uint32_t attempts_of(const journal::DeadLetter& letter) {
  const std::uint32_t counted = letter.header.failures + letter.header.crashes;
  return letter.history.empty() ? counted : std::max(counted, letter.history.back().attempt);
}

Json history_of(const journal::DeadLetter& letter) {
  Json history = Json::array();
  for (const auto& entry : letter.history) {
    history.push_back({{"at_ms", to_ms(entry.at)},
                       {"attempt", entry.attempt},
                       {"event", entry.event},
                       {"worker", entry.worker},
                       {"text", entry.text}});
  }
  return history;
}

Json dead_of(const journal::DeadLetter& letter, const core::Report& report) {
  const auto queue =
      std::lower_bound(report.queues.begin(), report.queues.end(), letter.id.queue,
                       [](const auto& entry, QueueNumber n) { return entry.number < n; });
  const bool known = queue != report.queues.end() && queue->number == letter.id.queue;
  return {{"id", zcrew::to_text(letter.id)},
          {"queue", known ? queue->settings.name : std::string()},
          {"priority", letter.id.priority},
          {"reason", letter.reason},
          {"died_at_ms", to_ms(letter.died_at)},
          {"accepted_at_ms", to_ms(letter.header.accepted_at)},
          {"attempts", attempts_of(letter)},
          {"failures", letter.header.failures},
          {"crashes", letter.header.crashes},
          {"attempts_max", letter.header.attempts_max},
          {"payload_bytes", letter.payload_bytes},
          {"history", history_of(letter)}};
}

// The longest front part that is short enough to show and does not cut a UTF-8 character.
std::string_view shown_part(std::string_view payload) {
  if (payload.size() <= payload_shown_max) return payload;
  std::size_t end = payload_shown_max;
  while (end > payload_shown_max - 4 && (static_cast<unsigned char>(payload[end]) & 0xC0U) == 0x80U)
    --end;
  return payload.substr(0, end);
}

}  // namespace

std::string_view to_text(core::Policy policy) {
  switch (policy) {
    case core::Policy::weighted:
      return "weighted";
    case core::Policy::round_robin:
      return "round-robin";
    case core::Policy::random:
      return "random";
    case core::Policy::least_loaded:
      return "least-loaded";
    case core::Policy::adaptive:
      return "adaptive";
  }
  return "unknown";
}

std::string status_json(const core::Report& report, const ShellStatus& shell) {
  return dump({{"version", version},
               {"uptime_s", shell.uptime_s},
               {"epoch", report.epoch},
               {"recovering", report.recovering},
               {"full", report.full},
               {"ready", report.totals.ready},
               {"held", report.totals.held},
               {"later", report.totals.later},
               {"dead", report.totals.dead},
               {"bytes", report.totals.bytes},
               {"sessions", report.sessions},
               {"endpoints", {{"clients", shell.frontend}, {"workers", shell.backend}}},
               {"counters", counters_of(report.counters)},
               {"journal",
                {{"file_bytes", shell.journal.file_bytes},
                 {"free_bytes", shell.journal.free_bytes},
                 {"pending_records", shell.pending_records},
                 {"jobs_written", shell.jobs_written},
                 {"commits", shell.commits}}},
               {"queues", queues_of(report)},
               {"workers", workers_of(report)}});
}

std::string queues_json(const core::Report& report) {
  return dump(Json{{"queues", queues_of(report)}});
}

std::string workers_json(const core::Report& report) {
  return dump(Json{{"workers", workers_of(report)}});
}

std::string version_json(const core::Report& report) {
  return dump(
      Json{{"version", version}, {"protocol", wire::protocol_version}, {"epoch", report.epoch}});
}

std::string dead_list_json(const journal::DeadPage& page, const core::Report& report) {
  Json dead = Json::array();
  for (const auto& letter : page.letters) dead.push_back(dead_of(letter, report));
  Json document{{"dead", std::move(dead)}, {"more", !page.reached_end}};
  if (!page.letters.empty()) document["after"] = zcrew::to_text(page.letters.back().id);
  return dump(document);
}

std::string dead_letter_json(const journal::DeadLetter& letter, std::string_view payload,
                             const core::Report& report) {
  Json document = dead_of(letter, report);
  const std::string_view shown = shown_part(payload);
  if (is_utf8(shown)) {
    document["payload"] = shown;
  } else {
    document["payload_base64"] = to_base64(shown);
  }
  document["payload_complete"] = shown.size() == payload.size();
  return dump(document);
}

std::string changed_json(std::uint64_t count, bool made_queue) {
  Json document{{"count", count}};
  if (made_queue) document["new"] = true;
  return dump(document);
}

}  // namespace zcrew::router
