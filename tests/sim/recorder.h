// Writes the history of a simulated world for the checker (tests/checker/README.md has the format),
// and keeps the trace: a hash of all that was said, equal for equal seeds.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/ids.h"
#include "schedule.h"

namespace zcrew::sim {

// A word NAME=VALUE of a history.
struct Named {
  std::string_view name;
  std::int64_t value = 0;
};

class Recorder {
 public:
  Recorder(const Schedule& schedule, bool records) : schedule_(schedule), records_(records) {}

  // TIME WHO EVENT WORD…
  template <typename... Words>
  void line(std::string_view who, const Words&... words) {
    ++lines_;
    if (!records_) return;
    make_room((room_of(who) + ... + room_of(words)) + number_room);
    put(schedule_.now().time_since_epoch().count());
    put_word(who);
    (put_word(words), ...);
    put('\n');
  }

  void trace(std::string_view bytes);
  [[nodiscard]] std::uint64_t trace() const { return trace_; }

  [[nodiscard]] std::string_view text() const { return {text_.get(), size_}; }
  [[nodiscard]] std::uint64_t lines() const { return lines_; }

 private:
  // A sign and the digits of 2⁶³, the space before and the line's end behind it.
  static constexpr std::size_t number_room = 22;
  template <typename Word>
  static std::size_t room_of(const Word& word) {
    if constexpr (std::is_convertible_v<const Word&, std::string_view>) {
      return std::string_view(word).size() + 1;
    } else if constexpr (std::is_same_v<Word, Named>) {
      return word.name.size() + 1 + number_room;
    } else {
      return std::is_integral_v<Word> ? number_room : 5 * number_room;  // a job, or a token
    }
  }
  void make_room(std::size_t bytes) {
    if (size_ + bytes > room_) grow(bytes);
  }
  void grow(std::size_t bytes);

  template <typename Word>
  void put_word(const Word& word) {
    put(' ');
    put(word);
  }
  void put(char c) { text_[size_++] = c; }
  template <typename Number>
  requires std::is_integral_v<Number>
  void put(Number number) {
    char* const at = text_.get() + size_;
    size_ += static_cast<std::size_t>(std::to_chars(at, at + number_room, number).ptr - at);
  }
  void put(std::string_view text) {
    std::memcpy(text_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(const char* text) { put(std::string_view(text)); }
  void put(const Named& word) {
    put(word.name);
    put('=');
    put(word.value);
  }
  void put(const JobId& id) {
    put('q');
    put(id.queue);
    put('p');
    put(static_cast<unsigned>(id.priority));
    put('n');
    put(id.sequence);
  }
  void put(const Token& token) {
    put(token.job);
    put('#');
    put(token.handout);
    put('@');
    put(token.epoch);
  }

  const Schedule& schedule_;
  bool records_;
  // Of `room_` bytes, of which `size_` are written; no vector, which would fill the rest.
  std::unique_ptr<char[]> text_;
  std::size_t room_ = 0;
  std::size_t size_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t trace_ = 0;
};

}  // namespace zcrew::sim
