// Writes the history of a simulated world for the checker (tests/checker/README.md has the format),
// and keeps the trace: a hash of all that was said, equal for equal seeds.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/ids.h"
#include "schedule.h"

namespace zcrew::sim {

class Recorder {
 public:
  Recorder(const Schedule& schedule, bool records) : schedule_(schedule), records_(records) {}

  // TIME WHO EVENT WORD…
  template <typename... Words>
  void line(std::string_view who, const Words&... words) {
    ++lines_;
    if (!records_) return;
    put(schedule_.now().time_since_epoch().count());
    text_ += ' ';
    text_ += who;
    ((text_ += ' ', put(words)), ...);
    text_ += '\n';
  }

  // FNV-1a over eight bytes at a time.
  void trace(std::string_view bytes) {
    while (bytes.size() >= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), sizeof word);
      trace(word);
      bytes.remove_prefix(sizeof word);
    }
    for (const char c : bytes) trace(static_cast<unsigned char>(c));
  }
  void trace(std::uint64_t word) { trace_ = (trace_ ^ word) * 0x100000001B3ULL; }
  [[nodiscard]] std::uint64_t trace() const { return trace_; }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::uint64_t lines() const { return lines_; }

 private:
  template <typename Number>
  requires std::is_integral_v<Number>
  void put(Number number) {
    char digits[24];
    text_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }
  void put(std::string_view text) { text_ += text; }
  void put(const std::string& text) { text_ += text; }
  void put(const char* text) { text_ += text; }
  void put(const JobId& id) {
    text_ += 'q';
    put(id.queue);
    text_ += 'p';
    put(static_cast<unsigned>(id.priority));
    text_ += 'n';
    put(id.sequence);
  }
  void put(const Token& token) {
    put(token.job);
    text_ += '#';
    put(token.handout);
    text_ += '@';
    put(token.epoch);
  }

  const Schedule& schedule_;
  bool records_;
  std::string text_;
  std::uint64_t lines_ = 0;
  std::uint64_t trace_ = 0xCBF29CE484222325ULL;
};

}  // namespace zcrew::sim
