#include "submit_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "router/payload_text.h"
#include "table.h"

namespace zcrew::tool {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t label_bytes_max = 80;

std::string line_of(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void add_bytes(Json& object, const std::string& key, const std::string& bytes) {
  if (router::is_utf8(bytes)) {
    object[key] = bytes;
  } else {
    object[key + "_base64"] = router::to_base64(bytes);
  }
}

std::string object_of(const Finished& event, const std::string& input) {
  Json object{{"id", event.id},
              {"outcome", to_text(event.end)},
              {"attempts", event.attempts},
              {"worker", event.worker}};
  const bool done = event.end == JobEnd::done;
  if (!done) object["reason"] = event.reason;
  add_bytes(object, done ? "result" : "error", event.result);
  object["input"] = input;
  return line_of(object);
}

const char* cure_of(JobEnd end) {
  switch (end) {
    case JobEnd::dead:
      return "`zcrew dead show` has its history, `zcrew dead redrive` tries again";
    case JobEnd::expired:
      return "no worker was free in time: start more, or give --expires longer";
    case JobEnd::cancelled:
      return "submit it again if it is still wanted";
    default:
      return "its result was not fetched within an hour: submit it again if it is wanted";
  }
}

}  // namespace

Report::Report(ReportSettings settings, const Source& source,
               std::function<void(std::string_view)> write,
               std::function<void(const std::string&)> complain)
    : settings_(settings),
      source_(source),
      write_(std::move(write)),
      complain_(std::move(complain)) {}

void Report::take(const Confirmed& event) {
  ++counts_.confirmed;
  if (settings_.wait) {
    unfinished_.insert(event.ticket);
  } else if (settings_.json) {
    write_(line_of(Json{{"id", event.id}, {"input", source_.label(event.ticket)}}));
  } else if (settings_.ids) {
    write_(event.id + "\n");
  }
}

void Report::take(const Finished& event) {
  if (unfinished_.erase(event.ticket) == 0) ++counts_.confirmed;
  const bool done = event.end == JobEnd::done;
  ++(done ? counts_.done : counts_.not_done);
  put(event.ticket, settings_.json ? object_of(event, source_.label(event.ticket)) : plain(event));
  if (!done && !settings_.json) {
    complain_(fmt::format(
        "job {} ({}) is {} after {} attempt{}: {}{}{}; {}", event.id, title(event.ticket),
        to_text(event.end), event.attempts, event.attempts == 1 ? "" : "s", event.reason,
        event.result.empty() ? "" : ": ", cell(event.result), cure_of(event.end)));
  }
}

void Report::take(const RefusedJob& event) {
  ++counts_.refused;
  const bool in_json = settings_.json;
  put(event.ticket, in_json ? line_of(Json{{"id", nullptr},
                                           {"outcome", "refused"},
                                           {"code", event.code},
                                           {"reason", event.text},
                                           {"input", source_.label(event.ticket)}})
                            : std::string{});
  complain_(fmt::format("refused {}: {} ({})", title(event.ticket), event.text, event.code));
}

void Report::take(const SkippedFile& file) {
  if (settings_.json) {
    write_(line_of(
        Json{{"id", nullptr}, {"outcome", "skipped"}, {"reason", file.why}, {"input", file.path}}));
  }
  complain_(fmt::format("skipped {}: {}", file.path, file.why));
}

std::uint64_t Report::settled() const {
  return counts_.refused + (settings_.wait ? counts_.done + counts_.not_done : counts_.confirmed);
}

std::string Report::plain(const Finished& event) const {
  if (event.end != JobEnd::done) return {};
  const bool ends = !event.result.empty() && event.result.back() == '\n';
  return event.result + (ends ? "" : "\n");
}

std::string Report::title(Ticket ticket) const {
  std::string text = cell(source_.title(ticket));
  if (text.size() > label_bytes_max) text = text.substr(0, label_bytes_max) + "…";
  return text;
}

void Report::put(Ticket ticket, std::string text) {
  if (!settings_.ordered) return write_(text);
  held_back_.emplace(ticket, std::move(text));
  for (auto next = held_back_.begin(); next != held_back_.end() && next->first == turn_;
       next = held_back_.erase(next), ++turn_) {
    write_(next->second);
  }
}

}  // namespace zcrew::tool
