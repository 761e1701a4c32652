// The lines of a history; README.md has the format. Shares nothing with the router's sources.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace checker {

using Micros = std::int64_t;

class NotAHistory : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Views into the text; valid as long as that.
struct Line {
  std::size_t number = 0;  // in its file, from 1
  Micros at = 0;
  std::string_view who;
  std::string_view what;
  std::vector<std::string_view> words;  // behind `what`

  // Throws NotAHistory if there is no such word, or it is no number.
  [[nodiscard]] std::string_view word(std::size_t index) const;
  [[nodiscard]] std::int64_t integer(std::size_t index) const;
  // The value behind NAME=.
  [[nodiscard]] std::optional<std::int64_t> value(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view word) const;
};

// Splits one line into `line`, reusing its memory. False if there is nothing to judge in it.
bool parse(std::string_view text, std::size_t number, Line& line);

// JOB#HANDOUT@EPOCH.
struct Token {
  std::string_view job;
  std::uint64_t handout = 0;
  std::uint64_t epoch = 0;
  [[nodiscard]] bool is_above(const Token& other) const {
    return epoch != other.epoch ? epoch > other.epoch : handout > other.handout;
  }
};
Token parse_token(std::string_view text);

}  // namespace checker
