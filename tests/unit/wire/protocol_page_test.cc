// docs/protocol.md and the code say the same.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "frames.h"
#include "wire/layout.h"

using namespace zcrew;
using namespace zcrew::wire;

namespace {

std::vector<std::string> page_lines() {
  std::ifstream file(std::string(ZCREW_SOURCE_DIR) + "/docs/protocol.md");
  REQUIRE(file.good());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// "| a | b | c |" as its cells.
std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> result;
  if (line.empty() || line[0] != '|') return result;
  std::stringstream text(line.substr(1));
  for (std::string cell; std::getline(text, cell, '|');) {
    const auto from = cell.find_first_not_of(' ');
    const auto to = cell.find_last_not_of(' ');
    result.push_back(from == std::string::npos ? "" : cell.substr(from, to - from + 1));
  }
  return result;
}

// Rows of the table whose first header cell is `head`: first column to all cells.
std::map<int, std::vector<std::string>> table(const std::string& head) {
  std::map<int, std::vector<std::string>> rows;
  bool inside = false;
  for (const std::string& line : page_lines()) {
    const auto row = cells(line);
    if (row.empty()) inside = false;
    if (!row.empty() && row[0] == head) inside = true;
    if (inside && !row[0].empty() && std::isdigit(static_cast<unsigned char>(row[0][0])) != 0) {
      rows[std::stoi(row[0])] = row;
    }
  }
  return rows;
}

struct Shown {
  std::size_t elements = 0;
  std::size_t optional = 0;
};

// Elements of "[5, a u8, [b, …] = [], c text = ""]", nested arrays counting as one.
Shown count_elements(const std::string& array) {
  Shown shown{1, 0};
  int depth = 0;
  for (const char c : array) {
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if (depth == 1 && c == ',') ++shown.elements;
    if (depth == 1 && c == '=') ++shown.optional;
  }
  return shown;
}

// The arrays in backquotes that begin with a type's number, by that number.
std::map<int, Shown> shown_messages() {
  std::map<int, Shown> messages;
  for (const std::string& line : page_lines()) {
    for (std::size_t at = line.find("`["); at != std::string::npos; at = line.find("`[", at + 1)) {
      const std::string array = line.substr(at + 1, line.find('`', at + 1) - at - 1);
      if (std::isdigit(static_cast<unsigned char>(array[1])) == 0) continue;
      messages[std::stoi(array.substr(1))] = count_elements(array);
    }
  }
  return messages;
}

template <typename Variant, std::size_t... i>
void collect(std::map<int, Shown>& messages, std::index_sequence<i...>) {
  const auto add = [&]<typename T>(const T*) {
    if constexpr (NativeMessage<T>) {
      messages[static_cast<int>(Layout<T>::type)] = {1 + Layout<T>::count,
                                                     Layout<T>::count - Layout<T>::required};
    }
  };
  (add(static_cast<std::variant_alternative_t<i, Variant>*>(nullptr)), ...);
}

template <typename Variant>
void collect(std::map<int, Shown>& messages) {
  collect<Variant>(messages, std::make_index_sequence<std::variant_size_v<Variant>>{});
}

std::map<int, Shown> coded_messages() {
  std::map<int, Shown> messages;
  collect<FrontendMessage>(messages);
  collect<BackendMessage>(messages);
  collect<ToClient>(messages);
  collect<ToWorker>(messages);
  return messages;
}

}  // namespace

TEST_CASE("the page's error registry is the code's (P-10.1)") {
  const auto rows = table("code");
  for (int code = 0; code <= 65535; ++code) {
    const std::string name(name_of(static_cast<ErrorCode>(code)));
    const auto row = rows.find(code);
    if (name == "unknown") {
      CHECK_MESSAGE(row == rows.end(), "only the page knows ", code);
    } else {
      REQUIRE_MESSAGE(row != rows.end(), "the page lacks ", code);
      REQUIRE(row->second.size() == 4);
      CHECK(row->second[1] == name);
      CHECK_MESSAGE(!row->second[3].empty(), "no cure for ", code);
    }
  }
}

TEST_CASE("the page shows each message with as many elements as the code has") {
  const auto shown = shown_messages();
  for (const auto& coded : coded_messages()) {
    CAPTURE(coded.first);
    const auto at = shown.find(coded.first);
    REQUIRE(at != shown.end());
    CHECK(at->second.elements == coded.second.elements);
    CHECK(at->second.optional == coded.second.optional);
  }
}

TEST_CASE("the page's table of types has each message and no other") {
  const auto rows = table("number");
  const auto coded = coded_messages();
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(coded.count(row.first) == 1);
  }
  CHECK(rows.size() == coded.size());
}
