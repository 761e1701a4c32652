// Rows for people: columns as wide as their widest cell, numbers to the right. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace zcrew::tool {

// A cell's text from a JSON value: strings bare, numbers with thousands apart, arrays joined by
// commas, booleans yes/no, null and missing as "-". The text is
// printable().
std::string cell(const nlohmann::ordered_json& value);
std::string cell(const nlohmann::ordered_json& object, const char* key);

// A number with thousands apart: 1,234,567.
std::string grouped(std::uint64_t number);

// A time in ms since 1970 as local date and time; "-" for 0.
std::string time_cell(std::uint64_t ms);

// As above, taken from `object[key]`; "-" when missing.
std::string time_cell(const nlohmann::ordered_json& object, const char* key);

// One line that cannot steer a terminal: control characters become spaces.
std::string printable(std::string text);

class Table {
 public:
  explicit Table(std::vector<std::string> heads) : rows_{std::move(heads)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // One row for each object of an array, its cells by key.
  void add_objects(const nlohmann::ordered_json& objects, const std::vector<const char*>& keys);
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace zcrew::tool
