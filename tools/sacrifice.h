// A piece of work that may not survive: reading a damaged memory map can end a process by SIGBUS.
// It runs in a child, and its end is a value here. Only while the process has one thread.
#pragma once

#include <functional>
#include <string>

namespace zcrew::tool {

struct Sacrifice {
  std::string told;     // what the work returned, as far as it got
  std::string died_of;  // empty if it ended well; else a signal's name or "exit 3"
};

// Throws Error (74) if no child can be made.
Sacrifice sacrifice(const std::function<std::string()>& work);

}  // namespace zcrew::tool
