#include "bench/usage.h"

#include <ctime>
#include <fstream>
#include <string>

namespace zcrew::tool::bench {

std::uint64_t cpu_ns(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1000000000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

Memory memory_of(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  Memory memory;
  std::string word;
  while (status >> word) {
    std::uint64_t kibibytes = 0;
    if (word == "RssAnon:" && status >> kibibytes) memory.anonymous_bytes = kibibytes << 10U;
    if (word == "RssFile:" && status >> kibibytes) memory.file_bytes = kibibytes << 10U;
  }
  return memory;
}

}  // namespace zcrew::tool::bench
