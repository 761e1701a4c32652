#include "fold.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <sstream>
#include <vector>

namespace zcrew::scenarios {
namespace {

// A line cut into texts and the numbers between them: text, number, text, number … text.
struct Cut {
  std::vector<std::string> texts{""};
  std::vector<std::uint64_t> numbers;
};

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

Cut cut(const std::string& line) {
  Cut cut;
  for (std::size_t i = 0; i < line.size();) {
    // Longer numbers, and those that begin with 0, are names.
    std::size_t end = i;
    while (end < line.size() && is_digit(line[end])) ++end;
    const std::size_t length = end - i;
    if (length > 0 && length < 16 && (length == 1 || line[i] != '0')) {
      cut.numbers.push_back(std::stoull(line.substr(i, length)));
      cut.texts.emplace_back();
    } else {
      end = std::max(end, i + 1);
      cut.texts.back() += line.substr(i, end - i);
    }
    i = end;
  }
  return cut;
}

struct Run {
  Cut first;
  std::vector<bool> rises;  // which numbers
  std::uint64_t lines = 1;
};

// Whether `next` goes on with the run.
bool joins(Run& run, const Cut& next) {
  if (next.texts != run.first.texts) return false;
  std::vector<bool> rises;
  bool any = false;
  for (std::size_t i = 0; i < next.numbers.size(); ++i) {
    const std::uint64_t first = run.first.numbers[i];
    const bool rising = next.numbers[i] == first + run.lines;
    if (!rising && next.numbers[i] != first) return false;
    rises.push_back(rising);
    any = any || rising;
  }
  if (!any || (run.lines > 1 && rises != run.rises)) return false;
  run.rises = std::move(rises);
  ++run.lines;
  return true;
}

std::string render(const Run& run) {
  std::string line = run.first.texts[0];
  for (std::size_t i = 0; i < run.first.numbers.size(); ++i) {
    line += std::to_string(run.first.numbers[i]);
    if (run.lines > 1 && run.rises[i]) {
      line += ".." + std::to_string(run.first.numbers[i] + run.lines - 1);
    }
    line += run.first.texts[i + 1];
  }
  return line + "\n";
}

}  // namespace

std::string fold(const std::string& lines) {
  std::string folded;
  std::istringstream in(lines);
  std::vector<Run> runs;
  for (std::string line; std::getline(in, line);) {
    Cut next = cut(line);
    if (runs.empty() || !joins(runs.back(), next)) runs.push_back({std::move(next), {}, 1});
  }
  for (const Run& run : runs) folded += render(run);
  return folded;
}

}  // namespace zcrew::scenarios
