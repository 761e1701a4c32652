#include "bench/usage.h"

#include <ctime>
#include <fstream>
#include <string>
#include <string_view>

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
  std::string line;
  const auto take = [&line](std::string_view name, std::uint64_t& bytes) {
    if (line.starts_with(name)) bytes = std::stoull(line.substr(name.size())) << 10U;
  };
  while (std::getline(status, line)) {
    take("RssAnon:", memory.anonymous_bytes);
    take("RssFile:", memory.file_bytes);
  }
  return memory;
}

}  // namespace zcrew::tool::bench
