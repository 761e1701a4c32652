// zcrew check: reads a whole journal that no router uses.
#include "lmdb/check.h"

#include <fmt/format.h>

#include "commands.h"
#include "journal/journal.h"
#include "output.h"
#include "sacrifice.h"
#include "table.h"
#include "zcrew/error.h"
#include "zcrew/router.h"

namespace zcrew::tool {

namespace {

using Json = nlohmann::ordered_json;

struct CheckOptions {
  std::string journal = RouterOptions{}.journal;
  bool json = false;
};

int code_of(journal::OpenFailure why) {
  switch (why) {
    case journal::OpenFailure::io:
      return exit_code::io_error;
    case journal::OpenFailure::locked:
      return exit_code::journal_locked;
    case journal::OpenFailure::corrupt:
      return exit_code::corrupt_journal;
    case journal::OpenFailure::newer_version:
    case journal::OpenFailure::not_a_journal:
    case journal::OpenFailure::small_disk:
      return exit_code::configuration;
  }
  return exit_code::io_error;
}

// The findings of a journal that could not be walked.
Json damage(const std::string& what) {
  return {{"ok", false}, {"problems", Json::array({what})}, {"problems_found", 1}};
}

// In the child: the findings as JSON, or why there are none.
std::string walk(const std::string& directory) {
  const auto text = [](const Json& document) {
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  try {
    const lmdb::CheckReport report = lmdb::check_journal(directory);
    return text({{"ok", report.ok},
                 {"problems", report.problems},
                 {"problems_found", report.problems_found},
                 {"queues", report.queues},
                 {"ready", report.ready},
                 {"held", report.held},
                 {"later", report.later},
                 {"dead", report.dead},
                 {"results", report.results},
                 {"sessions", report.sessions},
                 {"instances", report.instances},
                 {"chunks", report.chunks},
                 {"payload_bytes", report.payload_bytes}});
  } catch (const journal::OpenError& error) {
    if (error.why() == journal::OpenFailure::corrupt) return text(damage(error.what()));
    return text({{"error", error.what()}, {"exit_code", code_of(error.why())}});
  }
}

// The child's findings; a child that did not live to tell any has met damage too.
Json findings(const std::string& directory) {
  const Sacrifice child = sacrifice([&directory] { return walk(directory); });
  Json document = Json::parse(child.told, nullptr, false);
  if (document.is_object() && child.died_of.empty()) return document;
  return damage(fmt::format("reading it ended in: {}", child.died_of));
}

std::string for_people(const std::string& directory, const Json& report) {
  Table table({"ready", "held", "later", "dead", "results", "queues", "payload bytes"});
  table.add_objects(Json::array({report}),
                    {"ready", "held", "later", "dead", "results", "queues", "payload_bytes"});
  return fmt::format("the journal in {} is sound\n{}", directory, table.text());
}

int check(const CheckOptions& options) {
  const Json report = findings(options.journal);
  if (report.contains("error")) {
    throw Error(report.value("error", ""), report.value("exit_code", exit_code::io_error));
  }
  const bool ok = report.value("ok", false);
  Output out;
  if (options.json) out.write(report.dump() + "\n");
  if (!options.json && ok) out.write(for_people(options.journal, report));
  out.flush();
  if (ok) return exit_code::ok;
  const Json problems = report.value("problems", Json::array());
  if (!options.json && problems.size() > 1) {
    for (const auto& problem : problems) std::fprintf(stderr, "%s\n", cell(problem).c_str());
  }
  throw Error(
      fmt::format("the journal in {} is damaged: {}{}. Keep it for a look; restore a copy made "
                  "before, or start with a new one.",
                  options.journal, problems.empty() ? "" : cell(problems.front()),
                  problems.size() > 1
                      ? fmt::format(" (and {} more)", report.value("problems_found", 1U) - 1)
                      : ""),
      exit_code::corrupt_journal);
}

}  // namespace

void add_check(Tool& tool) {
  CLI::App* command = add_command(tool.app, "check", "Verify a journal that no router uses",
                                  "Reads everything and changes nothing.\n\nExample:\n  zcrew "
                                  "check /var/lib/zcrew\n\n" +
                                      exit_codes({0, 2, 65, 73, 74, 78}));
  auto options = std::make_shared<CheckOptions>();
  command->add_option("--journal,DIR", options->journal, "Directory of the journal")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print the findings as a JSON document");
  command->callback([&tool, options] { tool.action = [options] { return check(*options); }; });
}

}  // namespace zcrew::tool
