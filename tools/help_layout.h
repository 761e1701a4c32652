// How --help looks: flags in one column, their meaning beside it, wrapped, with the default and the
// environment name at the end.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace zcrew::tool {

class HelpLayout : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  // Behind the subcommands: the flags of the commands above, which may be given here too.
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override;

 private:
  [[nodiscard]] std::string row(const std::string& name, const std::string& text) const;
};

}  // namespace zcrew::tool
