// zcrew version: of this binary, and of a router if one is named.
#include "zcrew/version.h"

#include <fmt/format.h>

#include "admin.h"
#include "commands.h"
#include "output.h"
#include "table.h"
#include "wire/messages.h"

namespace zcrew::tool {

namespace {

int show(const AdminOptions& options) {
  const unsigned protocol = wire::protocol_version;
  Json document{{"version", version}, {"protocol", protocol}};
  std::string text = fmt::format("zcrew {} (protocol {})\n", version, protocol);
  if (!options.link.endpoint.empty()) {
    const Json router = Admin(options.link).ask("version", Json::object());
    text += fmt::format("router {} (protocol {}) at {}\n", cell(router, "version"),
                        cell(router, "protocol"), options.link.endpoint);
    document["router"] = router;
  }
  Output out;
  out.write(options.json ? document.dump() + "\n" : text);
  out.flush();
  return exit_code::ok;
}

}  // namespace

void add_version(Tool& tool) {
  CLI::App* command =
      add_command(tool.app, "version", "Show the version of this binary, and of a router",
                  "Example:\n  zcrew version --router tcp://10.0.0.5:5555\n\n" +
                      exit_codes({0, 2, 69, 77, 78}));
  auto options = std::make_shared<AdminOptions>();
  options->link.endpoint.clear();
  // Not ZCREW_ROUTER: what this binary is can be asked where no router runs.
  command->add_option("--router", options->link.endpoint, "Ask this router for its version too")
      ->type_name("ENDPOINT");
  add_duration(*command, "--timeout", options->link.timeout,
               "Give up after this long without the router; 0 = never");
  command->add_flag("--json", options->json, "Print a JSON document");
  command->callback([&tool, options] { tool.action = [options] { return show(*options); }; });
}

}  // namespace zcrew::tool
