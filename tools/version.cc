// zcrew version: of this binary, and of the libraries it runs with; needs no router.
#include "zcrew/version.h"

#include <fmt/format.h>

#include "admin.h"
#include "commands.h"
#include "output.h"
#include "wire/messages.h"

namespace zcrew::tool {

void add_version(Tool& tool) {
  CLI::App* command = add_command(tool.app, "version", "Show the version of this binary",
                                  "Example:\n  zcrew version --json\n\n" + exit_codes({0, 2, 78}));
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print a JSON document");
  command->callback([&tool, json] {
    tool.action = [json] {
      Output out;
      const unsigned protocol = wire::protocol_version;
      out.write(*json ? Json{{"version", version}, {"protocol", protocol}}.dump() + "\n"
                      : fmt::format("zcrew {} (protocol {})\n", version, protocol));
      out.flush();
      return exit_code::ok;
    };
  });
}

}  // namespace zcrew::tool
