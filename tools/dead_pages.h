// Dead letters as the router lists them, a page at a time with a cursor that only goes forward, and
// as people read them.
#pragma once

#include <cstdint>
#include <string>

#include "admin.h"

namespace zcrew::tool {

// Letters in a page, and ids in one request to change them.
inline constexpr std::size_t dead_page_letters = 1000;

class DeadPages {
 public:
  // queue empty = all queues; limit 0 = no limit.
  DeadPages(Admin& admin, std::string queue, std::uint64_t limit);
  // The next letters as an array; empty at the end.
  Json next();

 private:
  Admin& admin_;
  std::string queue_;
  std::uint64_t left_;
  std::string after_;
  bool more_ = true;
};

// Pure.
Json ids_of(const Json& letters);
std::string dead_table(const Json& letters, bool with_heads);
std::string dead_letter_text(const Json& letter);

}  // namespace zcrew::tool
