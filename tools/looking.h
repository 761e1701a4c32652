// What `status`, `queues` and `workers` share: the command itself, and the tables of queues and
// workers. The tables are pure.
#pragma once

#include <functional>
#include <string>

#include "admin.h"

namespace zcrew::tool {

struct Looking {
  std::string verb;  // the command's name too
  std::string description;
  std::string example;
  std::function<std::string(const Json&)> shape;  // the router's document for people
};

void add_looking(Tool& tool, Looking looking);

// `queues` and `workers` are arrays of the router's objects; an empty one gives a line that says
// how there would be one.
std::string queue_table(const Json& queues);
std::string worker_table(const Json& workers);

}  // namespace zcrew::tool
