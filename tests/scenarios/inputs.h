// The inputs a transcript can give; tests/scenarios/README.md lists them.
#pragma once

#include <string_view>

#include "world.h"

namespace zcrew::scenarios {

// A `config` line.
void configure(WorldOptions& options, std::string_view line);

// Any other input line. Throws ScriptError for a line that makes no sense.
void perform(World& world, std::string_view line);

}  // namespace zcrew::scenarios
