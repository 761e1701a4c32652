#include "history.h"

#include <algorithm>
#include <charconv>

namespace checker {
namespace {

std::int64_t number_of(std::string_view text) {
  // So few digits cannot overflow. (std::from_chars takes several times as long.)
  constexpr std::size_t safe_digits = 18;
  std::int64_t value = 0;
  bool is_plain = !text.empty() && text.size() <= safe_digits;
  for (std::size_t i = 0; is_plain && i < text.size(); ++i) {
    is_plain = text[i] >= '0' && text[i] <= '9';
    value = value * 10 + (text[i] - '0');
  }
  if (is_plain) return value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw NotAHistory("\"" + std::string(text) + "\" is no number");
  }
  return value;
}

// Takes the first word off. Words are too short for memchr to pay.
std::string_view cut_word(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && text[size] != ' ') ++size;
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return word;
}

}  // namespace

std::string_view cut_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

std::string_view Line::word(std::size_t index) const {
  if (index >= words.size()) throw NotAHistory("\"" + std::string(what) + "\" has too few words");
  return words[index];
}

std::int64_t Line::integer(std::size_t index) const { return number_of(word(index)); }

std::optional<std::int64_t> Line::value(std::string_view name) const {
  for (const std::string_view each : words) {
    if (each.size() > name.size() && each[name.size()] == '=' && each.starts_with(name)) {
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
  line.role = code_of(line.who);
  line.what = cut_word(text);
  line.event = code_of(line.what);
  if (line.what.empty()) throw NotAHistory("a line needs TIME, WHO and EVENT");
  line.words.clear();
  while (!text.empty()) line.words.push_back(cut_word(text));
  return true;
}

Token parse_token(std::string_view text) {
  // From the back: the numbers are short, and the job's name is not looked into.
  const std::size_t at = text.rfind('@');
  const std::size_t hash = text.rfind('#', at);
  if (hash == std::string_view::npos || at == std::string_view::npos || at < hash) {
    throw NotAHistory("\"" + std::string(text) + "\" is no token");
  }
  return {text.substr(0, hash),
          static_cast<std::uint64_t>(number_of(text.substr(hash + 1, at - hash - 1))),
          static_cast<std::uint64_t>(number_of(text.substr(at + 1)))};
}

}  // namespace checker
