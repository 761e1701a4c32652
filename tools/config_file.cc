#include "config_file.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace zcrew::tool {

namespace {

constexpr const char* shared_section = "client";

class ConfigFile : public CLI::ConfigTOML {
 public:
  explicit ConfigFile(const CLI::App& root) : root_(root) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> kept;
    std::vector<CLI::ConfigItem> shared;
    for (auto& item : CLI::ConfigTOML::from_config(input)) {
      const bool mark = item.name == "++" || item.name == "--";  // a section opens or closes
      if (item.parents == std::vector<std::string>{shared_section}) {
        if (!mark) shared.push_back(std::move(item));
      } else if (mark) {
        if (section(item) == nullptr)
          refuse("section [" + CLI::detail::join(item.parents, ".") + "]");
        kept.push_back(std::move(item));
      } else if (!is_set(flag(item))) {
        kept.push_back(std::move(item));
      }
    }
    // Behind the rest: a command's own section wins, since the first value stays.
    for (const auto& item : shared) {
      if (!spread(item, root_, {}, kept)) refuse(item.fullname());
    }
    return kept;
  }

 private:
  [[noreturn]] static void refuse(const std::string& what) {
    throw CLI::ConfigError("the config file has " + what +
                               ", which is none of zcrew's. Sections are named like commands, keys "
                               "like their flags without --",
                           CLI::ExitCodes::ConfigError);
  }

  [[nodiscard]] const CLI::App* section(const CLI::ConfigItem& item) const {
    const CLI::App* app = &root_;
    for (const auto& parent : item.parents) {
      const auto below = app->get_subcommands(
          [&](const CLI::App* command) { return command->get_name() == parent; });
      if (below.empty()) return nullptr;
      app = below.front();
    }
    return app;
  }

  [[nodiscard]] const CLI::Option& flag(const CLI::ConfigItem& item) const {
    const CLI::App* app = section(item);
    const CLI::Option* option = app ? app->get_option_no_throw("--" + item.name) : nullptr;
    if (option == nullptr) refuse(item.fullname());
    return *option;
  }

  static bool is_set(const CLI::Option& option) {
    if (option.get_envname().empty()) return false;
    const char* value = std::getenv(option.get_envname().c_str());
    return value != nullptr && *value != '\0';
  }

  // Gives a shared value to every command that takes its name from the shared environment.
  static bool spread(const CLI::ConfigItem& item, const CLI::App& app,
                     const std::vector<std::string>& parents, std::vector<CLI::ConfigItem>& out) {
    bool known = false;
    for (const CLI::App* command : app.get_subcommands({})) {
      auto path = parents;
      path.push_back(command->get_name());
      known = spread(item, *command, path, out) || known;
      const CLI::Option* option = command->get_option_no_throw("--" + item.name);
      if (option == nullptr || !is_shared(*option)) continue;
      known = true;
      if (is_set(*option)) continue;
      out.push_back(item);
      out.back().parents = path;
    }
    return known;
  }

  static bool is_shared(const CLI::Option& option) {
    return option.get_envname() == "ZCREW_ROUTER" || option.get_envname() == "ZCREW_TIMEOUT";
  }

  const CLI::App& root_;
};

}  // namespace

void use_config_file(CLI::App& app) {
  const char* path = std::getenv("ZCREW_CONFIG");
  const bool named = path != nullptr && *path != '\0';
  app.set_config("--config", named ? path : "",
                 "Read flags from a TOML file, or from $ZCREW_CONFIG", named)
      ->type_name("FILE");
  app.config_formatter(std::make_shared<ConfigFile>(app));
  app.allow_config_extras(CLI::config_extras_mode::error);
}

}  // namespace zcrew::tool
