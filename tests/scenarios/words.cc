#include "words.h"

#include <algorithm>
#include <charconv>

namespace zcrew::scenarios {

Words::Words(std::string_view line) {
  std::string word;
  bool inside = false;
  bool any = false;
  for (const char c : line) {
    if (c == '"') {
      inside = !inside;
      any = true;
    } else if (c == ' ' && !inside) {
      if (any) words_.push_back(word);
      word.clear();
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (inside) throw ScriptError("a quote is not closed");
  if (any) words_.push_back(word);
}

std::string Words::take(const char* what) {
  if (empty()) throw ScriptError(std::string(what) + " is missing");
  return words_[next_++];
}

std::string_view Words::peek() const { return empty() ? std::string_view{} : words_[next_]; }

std::optional<std::string> Words::option(std::string_view name) {
  const std::string prefix = std::string(name) + "=";
  for (std::size_t i = next_; i < words_.size(); ++i) {
    if (words_[i].compare(0, prefix.size(), prefix) != 0) continue;
    std::string value = words_[i].substr(prefix.size());
    words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i));
    return value;
  }
  return std::nullopt;
}

std::string Words::option_or(std::string_view name, std::string_view otherwise) {
  return option(name).value_or(std::string(otherwise));
}

std::uint64_t Words::number_or(std::string_view name, std::uint64_t otherwise) {
  const auto value = option(name);
  return value ? parse_number(*value) : otherwise;
}

Duration Words::duration_or(std::string_view name, Duration otherwise) {
  const auto value = option(name);
  return value ? parse_duration(*value) : otherwise;
}

bool Words::flag(std::string_view word) {
  const auto found =
      std::find(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end(), word);
  if (found == words_.end()) return false;
  words_.erase(found);
  return true;
}

std::vector<Words> Words::groups() {
  std::vector<Words> groups(1, Words{});
  while (!empty()) {
    std::string word = take("a word");
    if (word == "|") {
      groups.push_back(Words{});
    } else {
      groups.back().words_.push_back(std::move(word));
    }
  }
  return groups;
}

std::uint64_t parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ScriptError("not a number: " + std::string(text));
  }
  return value;
}

namespace {

struct Unit {
  std::string_view name;
  std::int64_t us;
};
// Longest first where one is another's ending.
constexpr Unit units[] = {{"us", 1},       {"ms", 1000},      {"s", 1000000},
                          {"m", 60000000}, {"h", 3600000000}, {"d", 86400000000}};

}  // namespace

Duration parse_duration(std::string_view text) {
  if (text == "0") return Duration{0};
  const auto digits = text.find_first_not_of("0123456789.");
  if (digits == std::string_view::npos) {
    throw ScriptError("a time needs its unit: " + std::string(text));
  }
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    const std::string_view number = text.substr(0, digits);
    const auto point = number.find('.');
    std::int64_t us = static_cast<std::int64_t>(parse_number(number.substr(0, point))) * unit.us;
    if (point != std::string_view::npos) {
      std::int64_t scale = unit.us;
      for (const char digit : number.substr(point + 1)) {
        scale /= 10;
        us += (digit - '0') * scale;
      }
    }
    return Duration{us};
  }
  throw ScriptError("not a time: " + std::string(text));
}

std::string to_text(Duration duration) {
  const auto us = duration.count();
  if (us == 0) return "0s";
  if (us < 0) return "-" + to_text(-duration);
  if (us % 86400000000 == 0) return std::to_string(us / 86400000000) + "d";
  if (us % 3600000000 == 0) return std::to_string(us / 3600000000) + "h";
  if (us < 1000) return std::to_string(us) + "us";
  if (us < 1000000 && us % 1000 == 0) return std::to_string(us / 1000) + "ms";
  std::string text = std::to_string(us / 1000000);
  if (us % 1000000 != 0) {
    std::string fraction = std::to_string(1000000 + us % 1000000).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + "s";
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::vector<JobId> parse_job_ids(std::string_view text) {
  const auto dots = text.find("..");
  const auto first = parse_job_id(text.substr(0, dots));
  if (!first) throw ScriptError("not a job id: " + std::string(text));
  std::vector<JobId> ids{*first};
  if (dots == std::string_view::npos) return ids;
  const Sequence last = parse_number(text.substr(dots + 2));
  while (ids.back().sequence < last) {
    JobId id = ids.back();
    ++id.sequence;
    ids.push_back(id);
  }
  return ids;
}

}  // namespace zcrew::scenarios
