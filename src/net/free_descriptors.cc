#include "net/free_descriptors.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "zcrew/error.h"

namespace zcrew::net {

// Opened and closed again, since no count of them tells how many the whole system has left.
void require_free_descriptors(std::size_t count, const char* purpose) {
  std::vector<int> opened;
  opened.reserve(count);
  while (opened.size() < count) {
    const int descriptor = eventfd(0, EFD_CLOEXEC);
    if (descriptor < 0) break;
    opened.push_back(descriptor);
  }
  for (const int descriptor : opened) close(descriptor);
  if (opened.size() == count) return;
  throw Error("too few descriptors left for " + std::string(purpose) + " (" +
                  std::to_string(opened.size()) + " of " + std::to_string(count) +
                  "): raise the limit of open files (ulimit -n)",
              exit_code::io_error);
}

}  // namespace zcrew::net
