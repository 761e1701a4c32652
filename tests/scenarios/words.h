// One input line of a transcript, cut into words and read piece by piece.
//
// Words are separated by blanks; "…" keeps blanks inside a word; `name=value` words are options.
// Whatever is wrong with a line is thrown as ScriptError: a transcript is our own text.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace zcrew::scenarios {

class ScriptError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Words {
 public:
  explicit Words(std::string_view line);

  [[nodiscard]] bool empty() const { return next_ == words_.size(); }
  // The next word that is taken in order.
  std::string take(const char* what);
  [[nodiscard]] std::string_view peek() const;

  // Removes `name=value` from the rest and returns the value.
  std::optional<std::string> option(std::string_view name);
  std::string option_or(std::string_view name, std::string_view otherwise);
  std::uint64_t number_or(std::string_view name, std::uint64_t otherwise);
  Duration duration_or(std::string_view name, Duration otherwise);
  bool flag(std::string_view word);  // removes the bare word

  // Everything that is left, cut at the word `|`.
  std::vector<Words> groups();

 private:
  Words() = default;
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

std::uint64_t parse_number(std::string_view text);
Duration parse_duration(std::string_view text);  // "250ms", "1.5s", "30us", "2h", "7d"
std::string to_text(Duration duration);          // the shortest of those

// "q1p5n7" or the run "q1p5n7..9".
std::vector<JobId> parse_job_ids(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace zcrew::scenarios
