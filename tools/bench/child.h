// A process of the benchmark: a fork that runs one function. Only made while this process has one
// thread. It dies with its parent, and at the latest when its Child does.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>

#include "bench/board.h"

namespace zcrew::tool::bench {

class Child {
 public:
  // What `work` throws goes to the board as a complaint.
  Child(Board& board, const std::function<void()>& work);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // True once it has ended.
  [[nodiscard]] bool ended();
  // Waits this long, then kills.
  void join(std::uint64_t patience_ns);

 private:
  pid_t pid_ = -1;
};

}  // namespace zcrew::tool::bench
