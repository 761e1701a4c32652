#include "history.h"

#include <algorithm>
#include <charconv>

namespace checker {
namespace {

std::int64_t number_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw NotAHistory("\"" + std::string(text) + "\" is no number");
  }
  return value;
}

// Takes the first word off.
std::string_view cut_word(std::string_view& text) {
  const std::size_t space = text.find(' ');
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  return word;
}

}  // namespace

std::string_view Line::word(std::size_t index) const {
  if (index >= words.size()) throw NotAHistory("\"" + std::string(what) + "\" has too few words");
  return words[index];
}

std::int64_t Line::integer(std::size_t index) const { return number_of(word(index)); }

std::optional<std::int64_t> Line::value(std::string_view name) const {
  for (const std::string_view each : words) {
    if (each.size() > name.size() && each.starts_with(name) && each[name.size()] == '=') {
      return number_of(each.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

bool Line::has(std::string_view word) const {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool parse(std::string_view text, std::size_t number, Line& line) {
  if (text.empty() || text.front() == '#') return false;
  line.number = number;
  line.at = number_of(cut_word(text));
  line.who = cut_word(text);
  line.what = cut_word(text);
  if (line.what.empty()) throw NotAHistory("a line needs TIME, WHO and EVENT");
  line.words.clear();
  while (!text.empty()) line.words.push_back(cut_word(text));
  return true;
}

Token parse_token(std::string_view text) {
  const std::size_t hash = text.find('#');
  const std::size_t at = text.find('@');
  if (hash == std::string_view::npos || at == std::string_view::npos || at < hash) {
    throw NotAHistory("\"" + std::string(text) + "\" is no token");
  }
  return {text.substr(0, hash),
          static_cast<std::uint64_t>(number_of(text.substr(hash + 1, at - hash - 1))),
          static_cast<std::uint64_t>(number_of(text.substr(at + 1)))};
}

}  // namespace checker
