// zcrew dead: the jobs that used up their attempts, and what a person does with them.
#include <fmt/format.h>

#include "admin.h"
#include "base/ids.h"
#include "commands.h"
#include "dead_pages.h"
#include "output.h"
#include "table.h"

namespace zcrew::tool {

namespace {

struct DeadOptions {
  std::string queue;
  std::uint64_t limit = 0;
  bool all = false;
  std::vector<std::string> ids;
};

// A page at a time, so that a million dead letters need no memory; columns fit a page each.
int list(const AdminOptions& shared, const DeadOptions& options) {
  Admin admin(shared.link);
  DeadPages pages(admin, options.queue, options.limit);
  Output out;
  bool first = true;
  if (shared.json) out.write("{\"dead\":[");
  for (Json page = pages.next(); !page.empty(); page = pages.next()) {
    if (shared.json) {
      for (const auto& letter : page) {
        out.write(first ? "" : ",");
        out.write(letter.dump());
        first = false;
      }
    } else {
      out.write(dead_table(page, first));
      first = false;
    }
  }
  if (shared.json) out.write("]}\n");
  out.flush();
  if (first && !shared.json) std::fputs("no dead letters\n", stderr);
  return exit_code::ok;
}

int show(const AdminOptions& shared, const DeadOptions& options) {
  Admin admin(shared.link);
  Output out;
  for (const auto& id : options.ids) {
    const Json arguments{{"id", id}};
    out.write(shared.json ? admin.ask_text("dead_show", arguments) + "\n"
                          : dead_letter_text(admin.ask("dead_show", arguments)));
  }
  out.flush();
  return exit_code::ok;
}

// Ids of this moment only: a redriven job that dies again meanwhile is met at most once more,
// behind the cursor or not at all, because the cursor only goes forward.
std::uint64_t change(Admin& admin, const std::string& verb, const DeadOptions& options) {
  std::uint64_t count = 0;
  const auto send = [&](const Json& ids) {
    count += admin.ask(verb, {{"ids", ids}}).value("count", std::uint64_t{0});
  };
  if (options.all) {
    DeadPages pages(admin, options.queue, 0);
    for (Json page = pages.next(); !page.empty(); page = pages.next()) send(ids_of(page));
    return count;
  }
  for (std::size_t at = 0; at < options.ids.size(); at += dead_page_letters) {
    const std::size_t end = std::min(options.ids.size(), at + dead_page_letters);
    send(Json(std::vector<std::string>(options.ids.begin() + static_cast<std::ptrdiff_t>(at),
                                       options.ids.begin() + static_cast<std::ptrdiff_t>(end))));
  }
  return count;
}

int change_and_tell(const AdminOptions& shared, const DeadOptions& options, const std::string& verb,
                    const std::string& past) {
  if (options.all != options.ids.empty()) {
    throw Error(options.all ? "ids and --all cannot go together: name dead letters, or take all."
                            : "name dead letters by id, or all of them with --all. See `zcrew dead "
                              "ls`.",
                exit_code::usage);
  }
  Admin admin(shared.link);
  const std::uint64_t count = change(admin, verb, options);
  Output out;
  out.write(shared.json ? Json{{"count", count}}.dump() + "\n"
                        : fmt::format("{} {}\n", past, grouped(count)));
  out.flush();
  if (options.all || count == options.ids.size()) return exit_code::ok;
  throw Error(fmt::format("Dead letters no more, or never: {} of {} ids. See `zcrew dead ls`.",
                          options.ids.size() - count, options.ids.size()),
              exit_code::refused);
}

CLI::Validator job_id() {
  return CLI::Validator{[](std::string& text) {
                          return parse_job_id(text)
                                     ? std::string{}
                                     : text + " is no job id; `zcrew dead ls` has them";
                        },
                        ""};
}

void add_ls(Tool& tool, CLI::App& parent, const std::shared_ptr<AdminOptions>& shared) {
  CLI::App* command =
      add_command(parent, "ls", "List dead letters, oldest first within a queue and priority",
                  "Example:\n  zcrew dead ls --queue mail\n\n" + exit_codes({0, 2, 69, 77, 78}));
  auto options = std::make_shared<DeadOptions>();
  command->add_option("--queue", options->queue, "Only of this queue")->type_name("QUEUE");
  command->add_option("--limit", options->limit, "At most this many; 0 = all")
      ->transform(whole_number())
      ->type_name("N")
      ->capture_default_str();
  command->callback([&tool, shared, options] {
    tool.action = [shared, options] { return list(*shared, *options); };
  });
}

void add_show(Tool& tool, CLI::App& parent, const std::shared_ptr<AdminOptions>& shared) {
  CLI::App* command =
      add_command(parent, "show", "Show a dead letter with history and payload",
                  "Example:\n  zcrew dead show q1p5n42\n\n" + exit_codes({0, 2, 69, 77, 78}));
  auto options = std::make_shared<DeadOptions>();
  command->add_option("ID", options->ids, "As in `zcrew dead ls`")->required()->check(job_id());
  command->callback([&tool, shared, options] {
    tool.action = [shared, options] { return show(*shared, *options); };
  });
}

// redrive and rm differ in these words alone.
void add_change(  // NOLINT(readability-function-size)
    Tool& tool, CLI::App& parent, const std::shared_ptr<AdminOptions>& shared,
    const std::string& name, const std::string& description, const std::string& verb,
    const std::string& past) {
  CLI::App* command = add_command(parent, name, description,
                                  fmt::format("Example:\n  zcrew dead {} --all --queue mail\n\n{}",
                                              name, exit_codes({0, 2, 69, 77, 78})));
  auto options = std::make_shared<DeadOptions>();
  command->add_option("ID", options->ids, "As in `zcrew dead ls`")->check(job_id());
  CLI::Option* all = command->add_flag("--all", options->all, "All there are");
  command->add_option("--queue", options->queue, "Only of this queue")
      ->type_name("QUEUE")
      ->needs(all);
  command->callback([&tool, shared, options, verb, past] {
    tool.action = [shared, options, verb, past] {
      return change_and_tell(*shared, *options, verb, past);
    };
  });
}

}  // namespace

void add_dead(Tool& tool) {
  CLI::App* command = add_command(tool.app, "dead", "List, show, redrive or remove dead letters",
                                  "Example:\n  zcrew dead ls\n  zcrew dead redrive --all");
  command->require_subcommand(1);
  auto shared = std::make_shared<AdminOptions>();
  add_router_link(*command, shared->link);
  command->add_flag("--json", shared->json, "Print JSON");
  add_ls(tool, *command, shared);
  add_show(tool, *command, shared);
  add_change(tool, *command, shared, "redrive", "Put dead letters back into their queues",
             "dead_redrive", "redriven");
  add_change(tool, *command, shared, "rm", "Remove dead letters for good", "dead_remove",
             "removed");
}

}  // namespace zcrew::tool
