#include "looking.h"

#include "output.h"

namespace zcrew::tool {

namespace {

int look(const AdminOptions& options, const Looking& looking) {
  Admin admin(options.link);
  Output out;
  out.write(options.json ? admin.ask_text(looking.verb, Json::object()) + "\n"
                         : looking.shape(admin.ask(looking.verb, Json::object())));
  out.flush();
  return exit_code::ok;
}

}  // namespace

void add_looking(Tool& tool, Looking looking) {
  CLI::App* command =
      add_command(tool.app, looking.verb, looking.description,
                  "Example:\n  " + looking.example + "\n\n" + exit_codes({0, 2, 69, 77, 78}));
  auto options = std::make_shared<AdminOptions>();
  add_router_link(*command, options->link);
  command->add_flag("--json", options->json, "Print the router's JSON document");
  command->callback([&tool, options, looking = std::move(looking)] {
    tool.action = [options, looking] { return look(*options, looking); };
  });
}

}  // namespace zcrew::tool
