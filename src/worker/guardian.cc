#include "worker/guardian.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "base/limits.h"
#include "zcrew/error.h"

namespace zcrew::worker {
namespace {

// One message: a group that began, or its negative when it ended. Sent whole or not at all; nobody
// is told of a guardian that somebody killed.
void tell(int socket, pid_t word) {
  while (send(socket, &word, sizeof word, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

// All of the process's life. Other threads of the worker were cut off in the middle of whatever
// they did, so it allocates nothing and only makes system calls.
[[noreturn]] void guard(int socket) {
  setsid();  // Ctrl-C, and a signal to the worker's group, are not meant for it
  prctl(PR_SET_NAME, "zcrew-guardian");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  // Neither the worker's terminal nor its pipes are kept open.
  dup2(socket, 0);
  syscall(SYS_close_range, 1U, ~0U, 0U);

  std::array<pid_t, limits::concurrency_max> groups;
  std::size_t count = 0;
  pid_t word = 0;
  for (;;) {
    const auto got = recv(0, &word, sizeof word, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof word) break;
    if (word > 0) {
      if (count < groups.size()) groups[count++] = word;
      continue;
    }
    pid_t* const end = groups.data() + count;
    pid_t* const ended = std::find(groups.data(), end, -word);
    if (ended != end) *ended = groups[--count];
  }
  for (std::size_t i = 0; i < count; ++i) kill(-groups[i], SIGKILL);
  _exit(0);
}

}  // namespace

Guardian::Guardian() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0) {
    socket_ = Descriptor(ends[0]);
    const Descriptor theirs(ends[1]);
    process_ = fork();
    if (process_ == 0) {
      socket_.close();
      guard(theirs.number());
    }
  }
  if (process_ < 0) {
    throw Error(std::string("cannot start the process that guards the commands (") +
                    std::strerror(errno) + "): raise the limits of processes and open files",
                exit_code::io_error);
  }
}

Guardian::~Guardian() {
  socket_.close();
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Guardian::forget(pid_t group) const { tell(socket_.number(), -group); }

void announce(int socket, pid_t group) { tell(socket, group); }

}  // namespace zcrew::worker
