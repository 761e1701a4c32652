// The command line as all subcommands share it: units, environment names, config file, help layout.
//
// Each subcommand's file adds its options to the tool's CLI11 app and leaves an action behind; main
// runs the action once everything is parsed. One thread.
//
// A value is taken from the command line, else from the environment, else from the config file.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "zcrew/types.h"

namespace zcrew::tool {

struct LogSettings {
  std::string level = "info";
  bool json = false;
};

// What every command that talks to a router's frontend needs.
struct RouterLink {
  std::string endpoint = default_frontend;
  std::chrono::milliseconds timeout{5000};  // without the router, until giving up; 0 = never
};

struct Tool {
  CLI::App app;
  LogSettings log;
  std::function<int()> action;  // of the chosen subcommand; returns the exit code
};

// The app with its global options; subcommands are added by the add_… functions of commands.h.
void prepare(Tool& tool);

// A subcommand of `parent` with its footer (an example, and what its exit codes mean).
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::string& footer);

// Gives every flag below `app` its environment name: ZCREW_ROUTER, ZCREW_SUBMIT_QUEUE,
// ZCREW_DEAD_LS_LIMIT …
void name_environment(CLI::App& app, const std::string& prefix = "ZCREW");

struct TimeBounds {
  std::chrono::milliseconds min{0};
  std::chrono::milliseconds max{limits::delay_ms_max};
};

// 500ms, 2s, 1.5m, 2h, 1d; a bare number is seconds.
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::milliseconds& target,
                          const std::string& description, TimeBounds bounds = {});
CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::function<void(std::chrono::milliseconds)> use,
                          const std::string& description, TimeBounds bounds = {});

// 4096, 64K, 1M, 2G (powers of 1024).
CLI::Option* add_size(CLI::App& app, const std::string& name, std::uint64_t& target,
                      const std::string& description);

// For flags that count: nothing negative, no fraction, nothing that does not fit. To be the last
// validator that is added, so that it is the first to look (CLI11's transform()).
CLI::Validator whole_number();

// A frontend's --router and --timeout.
void add_router_link(CLI::App& app, RouterLink& link);

// "2s", "1500ms", "5m": the shortest spelling that add_duration() reads back as the same.
std::string duration_text(std::chrono::milliseconds duration);
// "64K", "1M", "100".
std::string size_text(std::uint64_t bytes);

// The exit codes of a footer, from `exit_code_text`'s table.
std::string exit_codes(const std::vector<int>& codes);

// What a person reads for a failed parse: cause, nearest known spelling, where to look.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace zcrew::tool
