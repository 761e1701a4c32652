// --config FILE: TOML with a section per command ([submit], [dead.ls] …) and [client] for what all
// commands that talk to a router share. The environment wins over the file, which CLI11 by itself
// would have the other way round.
#pragma once

#include <CLI/CLI.hpp>

namespace zcrew::tool {

// Adds --config (or $ZCREW_CONFIG) to the root app.
void use_config_file(CLI::App& app);

}  // namespace zcrew::tool
