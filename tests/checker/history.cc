#include "history.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

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

// The highest bit of each byte that is a space.
std::uint64_t spaces_of(std::uint64_t eight_bytes) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t lowest_seven = ones * 0x7F;
  const std::uint64_t other = eight_bytes ^ (ones * ' ');  // 0 is a space
  return ~(((other & lowest_seven) + lowest_seven) | other | lowest_seven);
}

// Words are too short for memchr to pay; looking at eight bytes at once does.
void split(std::string_view text, std::vector<std::string_view>& words) {
  static_assert(std::endian::native == std::endian::little);  // the first byte is the lowest
  words.clear();
  std::size_t begin = 0;
  const auto end_word = [&](std::size_t end) {
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  };
  std::size_t at = 0;
  for (std::uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    for (std::uint64_t spaces = spaces_of(eight); spaces != 0; spaces &= spaces - 1) {
      end_word(at + static_cast<std::size_t>(std::countr_zero(spaces)) / 8);
    }
  }
  for (; at < text.size(); ++at) {
    if (text[at] == ' ') end_word(at);
  }
  if (begin < text.size()) end_word(text.size());
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
  split(text, line.all);
  if (line.all.size() < 3) throw NotAHistory("a line needs TIME, WHO and EVENT");
  const std::string_view at = line.all[0];
  // Every other line is of the same moment as the one before.
  if (at.empty() || at != line.at_text) {
    line.at = number_of(at);
    line.at_text = at;
  }
  line.who = line.all[1];
  line.role = code_of(line.who);
  line.what = line.all[2];
  line.event = code_of(line.what);
  line.words = std::span(line.all).subspan(3);
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
