// zcrew workers: who is connected, and what each has done.
#include "admin.h"
#include "commands.h"
#include "looking.h"
#include "table.h"

namespace zcrew::tool {

std::string worker_table(const Json& workers) {
  if (workers.empty()) {
    return "no workers: jobs wait. Start one with `zcrew worker -- COMMAND`\n";
  }
  Table table(
      {"worker", "state", "queues", "weight", "concurrency", "held", "done", "failed", "dialect"});
  table.add_objects(workers, {"name", "state", "queues", "weight", "concurrency", "held", "done",
                              "failed", "dialect"});
  return table.text();
}

void add_workers(Tool& tool) {
  add_looking(tool,
              {"workers", "Show every connected worker", "zcrew workers", [](const Json& document) {
                 return worker_table(document.value("workers", Json::array()));
               }});
}

}  // namespace zcrew::tool
