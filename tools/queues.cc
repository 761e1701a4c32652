// zcrew queues: what waits where, and how each queue is set.
#include "admin.h"
#include "commands.h"
#include "looking.h"
#include "table.h"

namespace zcrew::tool {

std::string queue_table(const Json& queues) {
  if (queues.empty()) return "no queues yet: a queue is made by its first job\n";
  Table table({"queue", "ready", "held", "later", "dead", "policy", "weight", "paused", "max-ready",
               "max-held"});
  const auto limit = [](const Json& queue, const char* key) {
    const std::string text = cell(queue, key);
    return text == "0" ? std::string("-") : text;
  };
  for (const auto& queue : queues) {
    table.add({cell(queue, "name"), cell(queue, "ready"), cell(queue, "held"), cell(queue, "later"),
               cell(queue, "dead"), cell(queue, "policy"), cell(queue, "weight"),
               cell(queue, "paused"), limit(queue, "max_ready"), limit(queue, "max_held")});
  }
  return table.text();
}

void add_queues(Tool& tool) {
  add_looking(tool, {"queues", "Show every queue with its jobs and settings", "zcrew queues",
                     [](const Json& document) {
                       return queue_table(document.value("queues", Json::array()));
                     }});
}

}  // namespace zcrew::tool
