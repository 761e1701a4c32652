// The few arguments of this folder's programs: --name VALUE and --name.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace zcrew::test {

class Arguments {
 public:
  Arguments(int count, char** texts) : count_(count), texts_(texts) {}

  [[nodiscard]] bool has(const char* name) const { return at(name) != 0; }
  [[nodiscard]] std::uint64_t number(const char* name, std::uint64_t otherwise) const {
    const int found = at(name);
    return found != 0 && found + 1 < count_ ? std::strtoull(texts_[found + 1], nullptr, 10)
                                            : otherwise;
  }

 private:
  [[nodiscard]] int at(const char* name) const {
    for (int i = 1; i < count_; ++i)
      if (std::strcmp(texts_[i], name) == 0) return i;
    return 0;
  }

  int count_;
  char** texts_;
};

}  // namespace zcrew::test
