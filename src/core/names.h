// What a queue may be called, and how a peer's name is shown. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace zcrew::core {

// 1 to 128 of: letters, digits, '.', '_', '-'. So a name needs no quoting in a shell, a file or
// JSON.
inline bool is_queue_name(std::string_view name) {
  if (name.empty() || name.size() > limits::name_bytes_max) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

// A peer's own name, made fit for a log line and a terminal.
inline std::string printable(std::string_view name) {
  std::string text(name.substr(0, limits::name_bytes_max));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace zcrew::core
