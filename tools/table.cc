#include "table.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace zcrew::tool {

namespace {

// Columns a UTF-8 text takes, near enough: every code point one.
std::size_t columns_of(const std::string& text) {
  const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts));
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == ',' || c == '.' || c == '-';
  });
}

std::string joined(const nlohmann::ordered_json& array) {
  std::string text;
  for (const auto& item : array) text += (text.empty() ? "" : ",") + cell(item);
  return text.empty() ? "-" : text;
}

}  // namespace

std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3;) text.insert(i -= 3, 1, ',');
  return text;
}

std::string cell(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_unsigned()) return grouped(value.get<std::uint64_t>());
  if (value.is_array()) return joined(value);
  if (!value.is_string()) return value.dump();
  const std::string text = printable(value.get<std::string>());
  return text.empty() ? "-" : text;
}

std::string cell(const nlohmann::ordered_json& object, const char* key) {
  return object.contains(key) ? cell(object.at(key)) : "-";
}

std::string time_cell(std::uint64_t ms) {
  if (ms == 0) return "-";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(ms / 1000)));
}

std::string time_cell(const nlohmann::ordered_json& object, const char* key) {
  const bool known = object.contains(key) && object.at(key).is_number_unsigned();
  return known ? time_cell(object.at(key).get<std::uint64_t>()) : cell(object, key);
}

void Table::add_objects(const nlohmann::ordered_json& objects,
                        const std::vector<const char*>& keys) {
  for (const auto& object : objects) {
    std::vector<std::string> row;
    row.reserve(keys.size());
    for (const char* key : keys) row.push_back(cell(object, key));
    add(std::move(row));
  }
}

std::string Table::text() const {
  const std::size_t count = rows_.front().size();
  std::vector<std::size_t> widths(count, 0);
  std::vector<bool> numeric(count, rows_.size() > 1);
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; c < count; ++c) {
      widths[c] = std::max(widths[c], columns_of(rows_[r][c]));
      if (r > 0 && !is_number(rows_[r][c])) numeric[c] = false;
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < count; ++c) {
      const std::string pad(widths[c] - columns_of(row[c]), ' ');
      line += (c == 0 ? "" : "  ") + (numeric[c] ? pad + row[c] : row[c] + pad);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

}  // namespace zcrew::tool
