// Messages of many entries are built entry by entry (wire/encode.h).
#include <doctest/doctest.h>

#include "base/limits.h"
#include "frames.h"
#include "samples.h"

using namespace zcrew;
using namespace zcrew::wire;

TEST_CASE("a packer counts its entries and knows its size before it is finished") {
  Packer<TokenRun> packer;
  CHECK(packer.empty());
  CHECK(packer.size() == 0);
  packer.add({samples::token});
  packer.add({samples::other_token});
  CHECK(packer.count() == 2);
  CHECK_FALSE(packer.empty());
  CHECK(packer.finish().size() == packer.size());
}

TEST_CASE("a finished message may grow and be finished again") {
  Packer<TokenRun> packer;
  packer.add({samples::token});
  const std::string one(packer.finish());
  packer.add({samples::other_token});
  const std::string two(packer.finish());
  CHECK(decoded<SettledMessage>(one) == SettledMessage{{{samples::token}}});
  CHECK(decoded<SettledMessage>(two) == SettledMessage{{{samples::token}, {samples::other_token}}});
}

TEST_CASE("a cleared packer begins a new message") {
  Packer<RunItem> packer;
  for (const RunItem& item : samples::run().entries) packer.add(item);
  packer.clear();
  CHECK(packer.empty());
  CHECK(packer.size() == 0);
  const RunItem item{samples::token, 1, 0, "next"};
  packer.add(item);
  CHECK(decoded<RunMessage>(packer.finish()) == RunMessage{{item}});
}

TEST_CASE("a message may have as many entries as a decoder takes (P-3.7)") {
  Packer<TokenRun> packer;
  for (std::uint32_t i = 0; i < limits::entries_per_message_max; ++i) {
    packer.add({{{1, 5, i}, 1, 1}});
  }
  const auto settled = decoded<SettledMessage>(packer.finish());
  REQUIRE(settled.has_value());
  CHECK(settled->entries.size() == limits::entries_per_message_max);
  CHECK(settled->entries.back().first.job.sequence == limits::entries_per_message_max - 1);
}

TEST_CASE("a payload of any size fits") {
  for (const std::size_t size : {0U, 1U, 31U, 32U, 255U, 256U, 65535U, 65536U, 1048576U}) {
    CAPTURE(size);
    const std::string payload(size, 'x');
    Packer<RunItem> packer;
    packer.add({samples::token, 1, 0, payload});
    packer.add({samples::other_token, 1, 0, payload});
    const auto run = decoded<RunMessage>(packer.finish());
    REQUIRE(run.has_value());
    CHECK(run->entries[0].payload == payload);
    CHECK(run->entries[1].payload == payload);
  }
}
