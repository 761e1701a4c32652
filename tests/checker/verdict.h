// What a history is found guilty of.
#pragma once

#include <string>
#include <string_view>
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

// Maps that are asked with views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace checker
