#include "table.h"

#include <doctest/doctest.h>

namespace zcrew::tool {
namespace {

using Json = nlohmann::ordered_json;

TEST_CASE("columns are as wide as their widest cell, numbers stand to the right") {
  Table table({"name", "jobs", "note"});
  table.add({"a", "1,000", "x"});
  table.add({"Größe", "7", ""});
  CHECK(table.text() ==
        "name    jobs  note\n"
        "a      1,000  x\n"
        "Größe      7\n");
}

TEST_CASE("cells are made for people") {
  CHECK(cell(Json(1234567U)) == "1,234,567");
  CHECK(cell(Json(999U)) == "999");
  CHECK(cell(Json(true)) == "yes");
  CHECK(cell(Json(nullptr)) == "-");
  CHECK(cell(Json("")) == "-");
  CHECK(cell(Json{"a", "b"}) == "a,b");
  CHECK(cell(Json::object(), "missing") == "-");
}

TEST_CASE("a peer's text cannot steer the terminal") {
  CHECK(cell(Json("a\x1b[2Jb\nc\x7f")) == "a [2Jb c ");
}

}  // namespace
}  // namespace zcrew::tool
