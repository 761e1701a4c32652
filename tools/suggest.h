// "Did you mean": the known word nearest to a mistyped one. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zcrew::tool {

// Single-character edits, with a swap of two neighbours as one.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `known`, if it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace zcrew::tool
