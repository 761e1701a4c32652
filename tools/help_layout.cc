#include "help_layout.h"

#include <fmt/format.h>

#include <sstream>

namespace zcrew::tool {

namespace {

constexpr std::size_t line_width = 96;

std::string name_of(const CLI::Option& option, bool is_positional) {
  std::string name = is_positional ? option.get_name(true, false) : option.get_name(false, true);
  if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
  const bool takes_value = option.get_type_size() != 0 && !is_positional;
  if (takes_value) name += " " + option.get_type_name();
  const bool several = option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  if (several) name += is_positional ? "..." : " ...";
  return name;
}

std::string meaning_of(const CLI::Option& option) {
  std::string text = option.get_description();
  if (!option.get_default_str().empty()) text += " (default " + option.get_default_str() + ")";
  if (option.get_required()) text += " (needed)";
  for (const CLI::Option* other : option.get_needs()) text += " (with " + other->get_name() + ")";
  if (!option.get_envname().empty()) text += " [$" + option.get_envname() + "]";
  return text;
}

}  // namespace

std::string HelpLayout::row(const std::string& name, const std::string& text) const {
  const std::size_t indent = get_column_width();
  std::string out = "  " + name;
  std::size_t column = out.size();
  if (column >= indent) {
    out += '\n';
    column = 0;
  }
  out += std::string(indent - column, ' ');
  column = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column > indent && column + 1 + word.size() > line_width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + '\n';
}

std::string HelpLayout::make_option(const CLI::Option* option, bool is_positional) const {
  return row(name_of(*option, is_positional), meaning_of(*option));
}

std::string HelpLayout::make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const {
  std::string rows;
  for (const CLI::App* above = app->get_parent(); above != nullptr; above = above->get_parent()) {
    for (const CLI::Option* option : above->get_options()) {
      const bool own = option == above->get_help_ptr() || option == above->get_version_ptr();
      if (!own && option->nonpositional()) rows += make_option(option, false);
    }
  }
  if (!rows.empty()) rows = "\nShared options:\n" + rows;
  return CLI::Formatter::make_subcommands(app, mode) + rows;
}

std::string HelpLayout::make_subcommand(const CLI::App* command) const {
  return row(command->get_name(), command->get_description());
}

}  // namespace zcrew::tool
