#include "base/ids.h"

#include <array>
#include <charconv>

namespace zcrew {

namespace {

// Reads a number that follows `mark`; leading zeros and signs are refused, so that each id has
// exactly one spelling.
template <typename Number>
bool take(std::string_view& text, char mark, Number& number) {
  if (text.size() < 2 || text[0] != mark) return false;
  if (text[1] == '0' && text.size() > 2 && text[2] >= '0' && text[2] <= '9') return false;
  const char* begin = text.data() + 1;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  if (error != std::errc{} || end == begin) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr std::size_t digits_max = 20;  // of a number of 64 bits

char* write(char* to, char mark, std::uint64_t number) {
  *to = mark;
  if (number < 10) {  // as priorities and most queues are
    to[1] = static_cast<char>('0' + number);
    return to + 2;
  }
  return std::to_chars(to + 1, to + 1 + digits_max, number).ptr;
}

}  // namespace

// Each job's id is spelled for its producer and its worker, so this makes one string, at once.
std::string to_text(const JobId& id) {
  std::array<char, 3 * (1 + digits_max)> text;  // NOLINT(*-member-init): all of it is written first
  char* end = write(text.data(), 'q', id.queue);
  end = write(end, 'p', id.priority);
  end = write(end, 'n', id.sequence);
  return {text.data(), end};
}

void respell(std::string& text, const JobId& before, const JobId& id) {
  const bool follows = id.sequence == before.sequence + 1 && id.queue == before.queue &&
                       id.priority == before.priority;
  if (follows && !text.empty() && text.back() < '9') {
    ++text.back();
  } else {
    text = to_text(id);
  }
}

std::optional<JobId> parse_job_id(std::string_view text) {
  JobId id;
  const bool whole = take(text, 'q', id.queue) && take(text, 'p', id.priority) &&
                     take(text, 'n', id.sequence) && text.empty();
  if (!whole || id.priority >= priority_count) return std::nullopt;
  return id;
}

std::string to_text(const Uuid& uuid) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const std::uint8_t byte : uuid.bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  Uuid uuid;
  if (text.size() != 2 * uuid.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return uuid;
}

}  // namespace zcrew
