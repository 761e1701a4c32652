// What a history is found guilty of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace checker {

struct Violation {
  std::size_t line = 0;
  std::string_view rule;  // a literal: README.md has the table
  std::string what;
};

class Verdict {
 public:
  // The line that is being judged.
  void at(std::size_t line) { line_ = line; }
  void violated(std::string_view rule, std::string what) {
    violations_.push_back({line_, rule, std::move(what)});
  }
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

 private:
  std::size_t line_ = 0;
  std::vector<Violation> violations_;
};

// Joins texts and views.
template <typename... Parts>
std::string text(const Parts&... parts) {
  std::string joined;
  (joined.append(parts), ...);
  return joined;
}

// Of names, which are short: FNV-1a over up to eight bytes at a time.
struct TextHash {
  std::size_t operator()(std::string_view text) const {
    std::uint64_t hash = text.size();
    while (!text.empty()) {
      std::uint64_t word = 0;
      const std::size_t size = std::min(text.size(), sizeof word);
      std::memcpy(&word, text.data(), size);
      hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
      hash ^= hash >> 32U;
      text.remove_prefix(size);
    }
    return hash;
  }
};

// What is known of a history's names. All that a judge keeps goes at once, with its Memory.
template <typename Known>
using ByName = std::pmr::unordered_map<std::string_view, Known, TextHash>;
using Memory = std::pmr::monotonic_buffer_resource;

}  // namespace checker
