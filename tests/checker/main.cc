// Judges histories; README.md has the format and the rules.
//
//   checker [--quiet] [FILE …]
//
// Exit: 0 kept, 1 broken, 2 no history.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "checker.h"

namespace {

struct Tally {
  std::size_t histories = 0;
  std::size_t lines = 0;
  std::size_t violations = 0;
};

void report(const checker::Checker& judged, const std::string& name, Tally& tally) {
  ++tally.histories;
  tally.violations += judged.violations().size();
  for (const checker::Violation& each : judged.violations()) {
    std::printf("%s:%zu: %s: %s\n", name.c_str(), each.line, std::string(each.rule).c_str(),
                each.what.c_str());
  }
}

void judge(std::istream& input, const std::string& name, Tally& tally) {
  const std::string text(std::istreambuf_iterator<char>(input), {});
  std::unique_ptr<checker::Checker> judging;
  checker::Line line;
  std::size_t number = 0;
  for (std::string_view left = text; !left.empty();) {
    ++number;
    try {
      if (!checker::parse(checker::cut_line(left), number, line)) continue;
      if (!judging) judging = std::make_unique<checker::Checker>();
      judging->take(line);
    } catch (const checker::NotAHistory& error) {
      throw checker::NotAHistory(name + ":" + std::to_string(number) + ": " + error.what());
    }
    ++tally.lines;
    if (!judging->ended()) continue;
    report(*judging, name, tally);
    judging.reset();
  }
  if (judging) throw checker::NotAHistory(name + ": the last history has no `end`");
}

}  // namespace

int main(int count, char** arguments) {
  Tally tally;
  bool quiet = false;
  bool from_files = false;
  try {
    for (int i = 1; i < count; ++i) {
      const std::string argument = arguments[i];
      if (argument == "--quiet") {
        quiet = true;
        continue;
      }
      from_files = true;
      std::ifstream file(argument);
      if (!file) throw checker::NotAHistory(argument + ": cannot be read");
      judge(file, argument, tally);
    }
    if (!from_files) judge(std::cin, "stdin", tally);
    if (tally.histories == 0) throw checker::NotAHistory("there is no history");
  } catch (const checker::NotAHistory& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  if (!quiet) {
    std::printf("%zu histories, %zu events, %zu violations\n", tally.histories, tally.lines,
                tally.violations);
  }
  return tally.violations == 0 ? 0 : 1;
}
