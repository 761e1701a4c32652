#include "command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "config_file.h"
#include "help_layout.h"
#include "suggest.h"
#include "zcrew/error.h"
#include "zcrew/version.h"

namespace zcrew::tool {

namespace {

constexpr std::array<std::pair<const char*, std::int64_t>, 5> units{
    {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}}};

// CLI11's own words list every unit it knows; ours show how to write it.
bool is_refused(const CLI::Validator& validator, std::string& text) {
  try {
    return !validator(text).empty();
  } catch (const CLI::ValidationError&) {
    return true;
  }
}

// Decimal digits alone: CLI11 has strtoull(3) wrap what is negative and cut what is too large.
std::optional<std::uint64_t> read_whole(std::string_view digits) {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

CLI::Validator as_bytes() {
  const CLI::AsSizeValue exact(false);
  return CLI::Validator{[exact](std::string& text) {
                          const std::string given = text;
                          const std::size_t unit = text.find_first_not_of("0123456789");
                          const auto number = read_whole(text.substr(0, unit));
                          const bool hexadecimal = text.starts_with("0x");
                          // Written anew, or else 010K would be eight.
                          if (number) text.replace(0, unit, std::to_string(*number));
                          if (!number || hexadecimal || is_refused(exact, text))
                            return given + " is no size: write bytes, or 64K, 1M, 2G";
                          return std::string{};
                        },
                        ""};
}

// Whole numbers stay exact; a fraction goes by way of a double.
CLI::Validator as_milliseconds() {
  const std::map<std::string, std::int64_t> whole(units.begin(), units.end());
  const std::map<std::string, double> parts(units.begin(), units.end());
  const CLI::AsNumberWithUnit exact(whole, CLI::AsNumberWithUnit::CASE_SENSITIVE);
  const CLI::AsNumberWithUnit rounded(parts, CLI::AsNumberWithUnit::CASE_SENSITIVE);
  return CLI::Validator{
      [exact, rounded](std::string& text) {
        const std::string given = text;
        if (is_refused(text.find('.') == std::string::npos ? exact : rounded, text))
          return given + " is no time: write 500ms, 2s, 1.5m, 2h or 1d";
        return std::string{};
      },
      ""};
}

// "5" means five seconds, as for sleep and timeout.
CLI::Validator bare_number_is_seconds() {
  return CLI::Validator{
      [](std::string& text) {
        if (!text.empty() && std::isdigit(static_cast<unsigned char>(text.back()))) text += 's';
        return std::string{};
      },
      ""};
}

CLI::Validator within(TimeBounds bounds) {
  return CLI::Validator{[bounds](std::string& ms) {
                          const double value = std::stod(ms);
                          const bool fits = value >= static_cast<double>(bounds.min.count()) &&
                                            value <= static_cast<double>(bounds.max.count());
                          return fits ? std::string{}
                                      : fmt::format("not between {} and {}",
                                                    duration_text(bounds.min),
                                                    duration_text(bounds.max));
                        },
                        ""};
}

std::string upper(std::string text) {
  for (char& c : text) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return text;
}

const CLI::App& chosen(const CLI::App& app) {
  const auto below = app.get_subcommands();
  return below.empty() ? app : chosen(*below.front());
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? "zcrew"
                                     : full_name(*app.get_parent()) + " " + app.get_name();
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string explain_unexpected(const CLI::App& app, const std::string& word) {
  const bool flag = word.size() > 1 && word.front() == '-';
  const bool command = !flag && !commands_of(app).empty();
  const std::string name = word.substr(0, word.find('='));
  const std::vector<std::string> known = flag ? flags_of(app) : commands_of(app);
  // A flag that the command has is left over only if it stood before it.
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    return fmt::format("{0} belongs behind the command: {1} {0} …", name, full_name(app));
  }
  std::string text =
      fmt::format("{} is not {} of {}.", name,
                  flag ? "a flag" : (command ? "a command" : "an argument"), full_name(app));
  if (const auto near = nearest(name, known)) {
    text += fmt::format(" Did you mean {}?", *near);
  } else if (flag && app.get_name() == "worker") {
    text += " If it belongs to the command to run, put -- before that command.";
  }
  return text;
}

}  // namespace

void prepare(Tool& tool) {
  tool.app.description("zcrew: a worker pool on ZeroMQ that keeps every accepted job");
  tool.app.name("zcrew");
  tool.app.formatter(std::make_shared<HelpLayout>());
  tool.app.fallthrough();
  tool.app.require_subcommand(1);
  tool.app.set_version_flag("--version", std::string("zcrew ") + version, "Show the version");
  tool.app.set_help_flag("-h,--help", "Show this help");
  tool.app.get_formatter()->column_width(26);
  use_config_file(tool.app);
  tool.app.add_option("--log-level", tool.log.level, "What goes to the log on stderr")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}).description(""))
      ->type_name("debug|info|warning|error")
      ->capture_default_str();
  tool.app.add_flag("--log-json", tool.log.json, "Log one JSON object a line");
  tool.app.footer(
      "Start with two terminals:\n"
      "  zcrew router\n"
      "  zcrew worker -- sha256sum\n"
      "and then\n"
      "  zcrew submit --wait hello\n\n"
      "Every command has its own --help with an example; docs/operations.md has the rest.");
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::string& footer) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->footer(footer);
  return command;
}

void name_environment(CLI::App& app, const std::string& prefix) {
  for (CLI::Option* option : app.get_options()) {
    const bool special = option == app.get_help_ptr() || option == app.get_version_ptr() ||
                         option == app.get_config_ptr();
    if (special || option->get_lnames().empty() || !option->get_envname().empty()) continue;
    option->envname(prefix + "_" + upper(option->get_lnames().front()));
  }
  for (CLI::App* command : app.get_subcommands({})) {
    name_environment(*command, prefix + "_" + upper(command->get_name()));
  }
}

CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::function<void(std::chrono::milliseconds)> use,
                          const std::string& description, TimeBounds bounds) {
  return app
      .add_option_function<double>(
          name,
          [use = std::move(use)](const double& ms) {
            // Never down to 0, which means "never" or "for ever" to most flags.
            use(std::chrono::milliseconds{ms > 0 ? std::max(1LL, std::llround(ms)) : 0});
          },
          description)
      ->transform(as_milliseconds())
      ->transform(bare_number_is_seconds())
      ->check(within(bounds))
      ->type_name("TIME");
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::milliseconds& target,
                          const std::string& description, TimeBounds bounds) {
  return add_duration(
             app, name, [&target](std::chrono::milliseconds value) { target = value; }, description,
             bounds)
      ->default_str(duration_text(target));
}

CLI::Option* add_size(CLI::App& app, const std::string& name, std::uint64_t& target,
                      const std::string& description) {
  return app.add_option(name, target, description)
      ->transform(as_bytes())
      ->type_name("SIZE")
      ->default_str(size_text(target));
}

CLI::Validator whole_number() {
  return CLI::Validator{[](std::string& text) {
                          const auto value = read_whole(text);
                          if (!value)
                            return fmt::format("{} is no number here: write a whole one, 0 to {}",
                                               text, std::numeric_limits<std::uint64_t>::max());
                          text = std::to_string(*value);  // or else 010 would be eight
                          return std::string{};
                        },
                        ""};
}

void add_router_link(CLI::App& app, RouterLink& link) {
  app.add_option("--router", link.endpoint, "Where the router listens for clients")
      ->type_name("ENDPOINT")
      ->envname("ZCREW_ROUTER")
      ->capture_default_str();
  add_duration(app, "--timeout", link.timeout,
               "Give up after this long without the router; 0 = never")
      ->envname("ZCREW_TIMEOUT");
}

std::string duration_text(std::chrono::milliseconds duration) {
  const std::int64_t ms = duration.count();
  if (ms == 0) return "0";
  for (const auto& [unit, factor] : units) {
    if (ms % factor == 0) return fmt::format("{}{}", ms / factor, unit);
  }
  return fmt::format("{}ms", ms);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes == 0) return "0";
  for (const auto& [unit, shift] :
       {std::pair{'G', 30U}, std::pair{'M', 20U}, std::pair{'K', 10U}}) {
    if (bytes % (std::uint64_t{1} << shift) == 0) return fmt::format("{}{}", bytes >> shift, unit);
  }
  return fmt::format("{}", bytes);
}

std::string exit_codes(const std::vector<int>& codes) {
  static const std::map<int, const char*> meanings{
      {exit_code::ok, "done"},
      {exit_code::job_failed, "a job did not end well"},
      {exit_code::usage, "usage"},
      {exit_code::corrupt_journal, "corrupt journal"},
      {exit_code::unreachable, "router unreachable"},
      {exit_code::journal_locked, "journal in use"},
      {exit_code::io_error, "I/O error"},
      {exit_code::queue_full, "queue full"},
      {exit_code::refused, "refused"},
      {exit_code::configuration, "configuration"},
      {exit_code::timeout, "time over"},
      {130, "interrupted"}};
  std::string text = "Exit codes:";
  for (const int code : codes) {
    text += fmt::format("{} {} {}", code == codes.front() ? "" : ",", code, meanings.at(code));
  }
  return text;
}

namespace {

// A value that came by the environment is easily overlooked.
std::string environment_hint(const CLI::App& app, const std::string& text) {
  std::string hint;
  for (const CLI::Option* option : app.get_options()) {
    const std::string& name = option->get_envname();
    if (name.empty() || std::getenv(name.c_str()) == nullptr) continue;
    if (text.find(option->get_name()) != std::string::npos) hint = " $" + name + " is set.";
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    if (hint.empty()) hint = environment_hint(*command, text);
  }
  return hint;
}

}  // namespace

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = chosen(app);
  const auto left = app.remaining(true);
  const bool extras = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const bool none = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
                    !commands_of(command).empty();
  const auto word = std::find_if(left.begin(), left.end(), [](const auto& w) { return w != "--"; });
  std::string text = error.what();
  if ((extras || none) && word != left.end()) {
    text = explain_unexpected(command, *word);
  } else if (none) {
    text = fmt::format("{} needs a command: {}.", full_name(command),
                       fmt::join(commands_of(command), ", "));
  }
  const bool file = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::FileError);
  if (file) text = fmt::format("cannot read the config file: {}", text);
  if (!text.empty() && text.back() != '.' && text.back() != '?' && !text.ends_with("…"))
    text += '.';
  text += environment_hint(app, text);
  return fmt::format("{} See {} --help.", text, full_name(command));
}

}  // namespace zcrew::tool
