// The lines of a history; README.md has the format. Shares nothing with the router's sources.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace checker {

using Micros = std::int64_t;

class NotAHistory : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A word as one number, so that words are compared like numbers: its first eight letters and its
// size, which tells the format's words apart.
constexpr std::uint64_t code_of(std::string_view word) {
  std::uint64_t letters = 0;
  for (std::size_t i = 0; i < word.size() && i < 8; ++i) {
    letters = letters << 8U | static_cast<unsigned char>(word[i]);
  }
  return letters ^ word.size() << 56U;
}
consteval std::uint64_t operator""_word(const char* word, std::size_t size) {
  return code_of({word, size});
}

// Views into the text; valid as long as that.
struct Line {
  std::size_t number = 0;  // in its file, from 1
  Micros at = 0;
  std::string_view at_text;
  std::string_view who;
  std::uint64_t role = 0;  // code_of(who)
  std::string_view what;
  std::uint64_t event = 0;                  // code_of(what)
  std::span<const std::string_view> words;  // behind `what`
  std::vector<std::string_view> all;

  // Throws NotAHistory if there is no such word, or it is no number.
  [[nodiscard]] std::string_view word(std::size_t index) const;
  [[nodiscard]] std::int64_t integer(std::size_t index) const;
  // The value behind NAME=.
  [[nodiscard]] std::optional<std::int64_t> value(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view word) const;
};

// Takes the first line off.
std::string_view cut_line(std::string_view& text);

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
