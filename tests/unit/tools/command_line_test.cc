#include "command_line.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "commands.h"
#include "progress.h"

namespace zcrew::tool {
namespace {

using std::chrono::milliseconds;

// A small tool with one command that has a flag of each kind.
struct Sample {
  Sample() {
    prepare(tool);
    CLI::App* command = add_command(tool.app, "send", "Send", "Example:\n  zcrew send");
    add_duration(*command, "--delay", delay, "wait");
    add_size(*command, "--room", room, "bytes");
    command->add_option("--count", count, "how many")->transform(whole_number());
    add_router_link(*command, link);
    name_environment(tool.app);
  }

  // The complaint, or nothing.
  std::string parse(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
      tool.app.parse(words);
    } catch (const CLI::ParseError& error) {
      return explain(tool.app, error);
    }
    return {};
  }

  Tool tool;
  milliseconds delay{0};
  std::uint64_t room = 0;
  std::uint64_t count = 0;
  RouterLink link;
};

class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Environment() { unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

class ConfigText {
 public:
  explicit ConfigText(const std::string& text) { std::ofstream(path_) << text; }
  ~ConfigText() { std::filesystem::remove(path_); }
  ConfigText(const ConfigText&) = delete;
  ConfigText& operator=(const ConfigText&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() /
                       ("zcrew-config-" + std::to_string(getpid()) + ".toml"))
                          .string();
};

TEST_CASE("times have units, a bare number is seconds, fractions are fine") {
  for (const auto& row : std::vector<std::pair<std::string, std::int64_t>>{{"0", 0},
                                                                           {"250ms", 250},
                                                                           {"2s", 2000},
                                                                           {"5", 5000},
                                                                           {"0.5s", 500},
                                                                           {"0.1ms", 1},
                                                                           {"0.0001", 1},
                                                                           {"0.0", 0},
                                                                           {"1.5", 1500},
                                                                           {"5m", 300000},
                                                                           {"1234567ms", 1234567},
                                                                           {"2h", 7200000},
                                                                           {"366d", 31622400000}}) {
    const std::string& text = row.first;
    CAPTURE(text);
    Sample sample;
    CHECK(sample.parse({"send", "--delay", text}) == "");
    CHECK(sample.delay.count() == row.second);
  }
}

TEST_CASE("what is no time is refused by name") {
  for (const char* text : {"soon", "-1s", "367d", "5M", "", "1s2"}) {
    CAPTURE(text);
    CHECK(Sample().parse({"send", "--delay", text}).find("--delay") != std::string::npos);
  }
}

TEST_CASE("times and sizes are shown the way they are read") {
  CHECK(duration_text(milliseconds{0}) == "0");
  CHECK(duration_text(milliseconds{1500}) == "1500ms");
  CHECK(duration_text(milliseconds{60000}) == "1m");
  CHECK(size_text(0) == "0");
  CHECK(size_text(1U << 20U) == "1M");
  CHECK(size_text(1000) == "1000");
}

TEST_CASE("sizes are powers of 1024") {
  Sample sample;
  CHECK(sample.parse({"send", "--room", "64k"}) == "");
  CHECK(sample.room == 65536);
}

TEST_CASE("what is negative or does not fit is refused, and never wrapped or cut") {
  for (const char* text : {"-1", "-1K", "1.5M", "99999999999999999999999", "16E", "K", "0x10"}) {
    CAPTURE(text);
    CHECK(Sample().parse({"send", "--room", text}).find("is no size") != std::string::npos);
  }
  for (const char* text :
       {"-1", "1.5", "99999999999999999999999", "-18446744073709551615", "ten", "0x10"}) {
    CAPTURE(text);
    CHECK(Sample().parse({"send", "--count", text}).find("write a whole") != std::string::npos);
    const Environment environment("ZCREW_SEND_COUNT", text);
    CHECK(Sample().parse({"send"}).find("$ZCREW_SEND_COUNT") != std::string::npos);
  }
}

TEST_CASE("a number with leading zeros is decimal") {
  Sample sample;
  CHECK(sample.parse({"send", "--count", "010", "--room", "010K"}) == "");
  CHECK(sample.count == 10);
  CHECK(sample.room == 10240);
}

TEST_CASE("no command takes a negative count") {
  Tool tool;
  add_all_commands(tool);
  std::vector<std::string> words{"-1", "--limit", "ls", "dead"};
  CHECK_THROWS_AS(tool.app.parse(words), CLI::ParseError);
}

TEST_CASE("the command line wins over the environment, that over the file") {
  const ConfigText config("[send]\ndelay = \"1s\"\nroom = \"1K\"\n");
  const Environment environment("ZCREW_SEND_DELAY", "2s");
  Sample sample;
  CHECK(sample.parse({"send", "--config", config.path()}) == "");
  CHECK(sample.delay == milliseconds{2000});
  CHECK(sample.room == 1024);
  Sample flag;
  CHECK(flag.parse({"--config", config.path(), "send", "--delay", "3s"}) == "");
  CHECK(flag.delay == milliseconds{3000});
}

TEST_CASE("what all clients share is set once in the file, and a command's own section wins") {
  const ConfigText config(
      "[client]\nrouter = \"tcp://a:1\"\ntimeout = \"9s\"\n[send]\nrouter = \"tcp://b:2\"\n");
  Sample sample;
  CHECK(sample.parse({"send", "--config", config.path()}) == "");
  CHECK(sample.link.endpoint == "tcp://b:2");
  CHECK(sample.link.timeout == milliseconds{9000});
}

TEST_CASE("a slip in the file is refused by name") {
  for (const auto& row :
       std::vector<std::pair<std::string, std::string>>{{"[send]\ndely = 1\n", "send.dely"},
                                                        {"[sned]\ndelay = 1\n", "[sned]"},
                                                        {"[client]\nroter = 1\n", "client.roter"},
                                                        {"nothing = 1\n", "nothing"}}) {
    const std::string& text = row.first;
    CAPTURE(text);
    const ConfigText config(text);
    CHECK(Sample().parse({"send", "--config", config.path()}).find(row.second) !=
          std::string::npos);
  }
}

TEST_CASE("a value from the environment that does not fit names its variable") {
  const Environment environment("ZCREW_SEND_DELAY", "soon");
  CHECK(Sample().parse({"send"}).find("$ZCREW_SEND_DELAY") != std::string::npos);
}

TEST_CASE("a slip on the command line is answered with the nearest word") {
  CHECK(Sample().parse({"sedn"}).find("Did you mean send?") != std::string::npos);
  CHECK(Sample().parse({"send", "--dealy", "1"}).find("Did you mean --delay?") !=
        std::string::npos);
}

TEST_CASE("a flag before its command is told where it belongs") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--delay", "1s", "send"}, {"--delay=1s", "send"}}) {
    CHECK(Sample().parse(words) ==
          "--delay belongs behind the command: zcrew send --delay … See zcrew send --help.");
  }
}

void check_command(const CLI::App& command) {
  CAPTURE(command.get_name());
  CHECK(command.get_footer().find("Example") != std::string::npos);
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_lnames().empty() || option == command.get_help_ptr()) continue;
    CAPTURE(option->get_name());
    CHECK(option->get_envname().starts_with("ZCREW_"));
    CHECK_FALSE(option->get_description().empty());
  }
  for (const CLI::App* below : command.get_subcommands({})) check_command(*below);
}

TEST_CASE("every command has an example, every flag a meaning and an environment name") {
  Tool tool;
  add_all_commands(tool);
  for (const CLI::App* command : tool.app.get_subcommands({})) check_command(*command);
}

TEST_CASE("a progress line never wraps, and has a bar only when the end is known") {
  CHECK(progress_line(0.5, "half", 80) == "[##########          ]  50 %  half");
  CHECK(progress_line(std::nullopt, "some", 80) == "some");
  CHECK(progress_line(1.0, "all", 80).find("100 %") != std::string::npos);
  CHECK(progress_line(0.5, "half", 10).size() == 9);
}

}  // namespace
}  // namespace zcrew::tool
