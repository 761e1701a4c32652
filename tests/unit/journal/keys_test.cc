#include "journal/keys.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace zcrew;
using namespace zcrew::journal;

TEST_CASE("the byte order of job keys is the order of ids (J-2.2)") {
  const std::vector<JobId> ids{{1, 0, 1}, {1, 0, 255}, {1, 0, 256}, {1, 0, 1ULL << 40U}, {1, 9, 1},
                               {2, 0, 1}, {255, 0, 1}, {256, 0, 1}, {65536, 3, 7}};
  REQUIRE(std::is_sorted(ids.begin(), ids.end()));
  for (std::size_t i = 1; i < ids.size(); ++i) {
    const auto before = job_key(ids[i - 1]);
    const auto after = job_key(ids[i]);
    CHECK(before.view() < after.view());
    CHECK(after.view().size() == 13);
  }
}

TEST_CASE("the byte order of due keys is time, then id (J-2.2)") {
  const JobId first{1, 0, 9};
  const JobId second{1, 1, 2};
  const auto a = due_key(from_ms(255), second);
  const auto b = due_key(from_ms(256), first);
  const auto c = due_key(from_ms(256), second);
  CHECK(a.view() < b.view());
  CHECK(b.view() < c.view());
}

TEST_CASE("keys read back as what they were made of") {
  const JobId id{7, 9, 1ULL << 50U};
  CHECK(read_job_key(job_key(id).view()) == id);
  const auto due = read_due_key(due_key(from_ms(12345), id).view());
  REQUIRE(due.has_value());
  CHECK(due->due == from_ms(12345));
  CHECK(due->id == id);
  const auto chunk = read_chunk_key(chunk_key(id, layout::Part::result, 3).view());
  REQUIRE(chunk.has_value());
  CHECK(chunk->id == id);
  CHECK(chunk->part == layout::Part::result);
  CHECK(chunk->chunk == 3);
  CHECK(read_queue_key(queue_key(4).view()) == 4U);
  Uuid uuid;
  uuid.bytes[3] = 9;
  CHECK(read_uuid_key(uuid_key(uuid).view()) == uuid);
}

TEST_CASE("a key of another shape is no key") {
  const auto good = job_key({1, 2, 3});
  const std::string key(good.view());
  CHECK_FALSE(read_job_key(key.substr(1)).has_value());
  CHECK_FALSE(read_job_key(key + "x").has_value());
  CHECK_FALSE(read_job_key(job_key({0, 2, 3}).view()).has_value());
  CHECK_FALSE(read_job_key(job_key({1, 10, 3}).view()).has_value());
  CHECK_FALSE(read_due_key(key).has_value());
  CHECK_FALSE(read_due_key(due_key(from_ms(5), {0, 2, 3}).view()).has_value());
  CHECK_FALSE(read_chunk_key(chunk_key({0, 2, 3}, layout::Part::payload, 0).view()).has_value());
  std::string part(chunk_key({1, 2, 3}, layout::Part::payload, 0).view());
  part[13] = 2;
  CHECK_FALSE(read_chunk_key(part).has_value());
  CHECK_FALSE(read_queue_key("abc").has_value());
  CHECK_FALSE(read_queue_key(queue_key(0).view()).has_value());
  CHECK_FALSE(read_uuid_key("abc").has_value());
}
