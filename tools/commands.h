// One function per subcommand, each in the file of its name: adds the subcommand to the tool.
#pragma once

#include "command_line.h"

namespace zcrew::tool {

void add_router(Tool& tool);
void add_worker(Tool& tool);
void add_submit(Tool& tool);
void add_status(Tool& tool);
void add_queues(Tool& tool);
void add_workers(Tool& tool);
void add_dead(Tool& tool);
void add_set(Tool& tool);
void add_check(Tool& tool);
void add_bench(Tool& tool);
void add_version(Tool& tool);

inline void add_all_commands(Tool& tool) {
  prepare(tool);
  add_router(tool);
  add_worker(tool);
  add_submit(tool);
  add_status(tool);
  add_queues(tool);
  add_workers(tool);
  add_dead(tool);
  add_set(tool);
  add_check(tool);
  add_bench(tool);
  add_version(tool);
  name_environment(tool.app);
}

}  // namespace zcrew::tool
