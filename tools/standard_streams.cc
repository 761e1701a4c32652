#include "standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include "zcrew/error.h"

namespace zcrew::tool {

void occupy_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) != -1) continue;
    // Open the wrong way round, so that reading or writing fails. The lowest free number is taken.
    const int wrong_way = number == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", wrong_way) != number) ::_exit(exit_code::io_error);
  }
}

}  // namespace zcrew::tool
