#include "suggest.h"

#include <algorithm>
#include <numeric>

namespace zcrew::tool {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto distance = [&](const std::string& name) { return edit_distance(word, name); };
  const auto best = std::min_element(
      known.begin(), known.end(),
      [&](const auto& left, const auto& right) { return distance(left) < distance(right); });
  if (best == known.end() || distance(*best) > std::max<std::size_t>(1, best->size() / 3)) {
    return std::nullopt;
  }
  return *best;
}

}  // namespace zcrew::tool
