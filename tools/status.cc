// zcrew status: the router at a glance.
#include <fmt/format.h>

#include "admin.h"
#include "commands.h"
#include "looking.h"
#include "table.h"

namespace zcrew::tool {

namespace {

std::uint64_t number(const Json& document, const char* key) {
  return document.contains(key) && document.at(key).is_number_unsigned()
             ? document.at(key).get<std::uint64_t>()
             : 0;
}

std::string uptime_text(std::uint64_t seconds) {
  if (seconds >= 86400) return fmt::format("{}d {}h", seconds / 86400, seconds % 86400 / 3600);
  if (seconds >= 3600) return fmt::format("{}h {}m", seconds / 3600, seconds % 3600 / 60);
  if (seconds >= 60) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  return fmt::format("{}s", seconds);
}

std::string heading(const Json& status) {
  std::string text = fmt::format("router {}, epoch {}, up {}", cell(status, "version"),
                                 cell(status, "epoch"), uptime_text(number(status, "uptime_s")));
  if (status.value("recovering", false)) {
    text += "\nwaiting for the workers of before the restart to report what they hold";
  }
  if (status.value("full", false)) {
    text +=
        "\nno disk space for new jobs: free some, or raise --journal-max; held jobs still finish";
  }
  return text + "\n\n";
}

std::string jobs(const Json& status) {
  Table table({"ready", "held", "later", "dead"});
  table.add(
      {cell(status, "ready"), cell(status, "held"), cell(status, "later"), cell(status, "dead")});
  return table.text() + "\n";
}

std::string counters(const Json& status) {
  std::string text = "since the journal was made:";
  const Json all = status.value("counters", Json::object());
  for (const auto& [name, count] : all.items()) {
    if (count != 0) text += fmt::format(" {} {},", name, cell(count));
  }
  text.back() = '\n';
  return text + "\n";
}

std::string shape(const Json& status) {
  return heading(status) + jobs(status) + counters(status) +
         queue_table(status.value("queues", Json::array())) + "\n" +
         worker_table(status.value("workers", Json::array()));
}

}  // namespace

void add_status(Tool& tool) {
  add_looking(tool, {"status", "Show the router, its queues and workers",
                     "zcrew status --json | jq .ready", shape});
}

}  // namespace zcrew::tool
