// What a process has used, as the kernel counts it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace zcrew::tool::bench {

// User and system time of all its threads; 0 if it is gone.
std::uint64_t cpu_ns(pid_t process);

struct Memory {
  std::uint64_t anonymous_bytes = 0;
  std::uint64_t file_bytes = 0;  // mapped files: the binary, libraries, and the journal's pages
};
Memory memory_of(pid_t process);

}  // namespace zcrew::tool::bench
