// zcrew: one binary for the router, workers, producers and the people who look after them.
#include <exception>

#include "commands.h"
#include "output.h"
#include "signals.h"
#include "standard_streams.h"
#include "zcrew/error.h"

namespace {

using namespace zcrew;  // NOLINT(google-build-using-namespace): main only

int complain(const std::string& text, int code) {
  tool::complain(text);
  return code;
}

// The exit code of a command line that does not lead to an action.
int answer_parse(const tool::Tool& tool, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    return tool.app.exit(error);  // --help and --version, on stdout
  }
  const bool file = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::FileError) ||
                    error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ConfigError);
  return complain(tool::explain(tool.app, error),
                  file ? exit_code::configuration : exit_code::usage);
}

int run(int argc, char** argv) {
  tool::ignore_broken_pipes();
  tool::Tool tool;
  tool::add_all_commands(tool);
  try {
    tool.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return answer_parse(tool, error);
  }
  return tool.action();
}

}  // namespace

int main(int argc, char** argv) {
  tool::occupy_standard_streams();
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    return complain(error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    return complain("out of memory. Give the process more, or send smaller payloads.",
                    exit_code::io_error);
  } catch (const std::exception& error) {
    return complain(error.what(), exit_code::io_error);
  }
}
