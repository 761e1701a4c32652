// Log lines of the long-running commands, on stderr: for people, or one JSON object a line.
#pragma once

#include <string>

#include "command_line.h"
#include "zcrew/router.h"

namespace zcrew::tool {

// Once, before the first line.
void start_log(const LogSettings& settings);

// Any thread.
void log_line(LogLevel level, const std::string& text);

}  // namespace zcrew::tool
