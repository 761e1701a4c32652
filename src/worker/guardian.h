// Ends what a worker's commands left running when the worker itself is killed.
//
// PR_SET_PDEATHSIG reaches only the command that the worker started, not what that started in turn;
// and the router gives the job to somebody else. So a small process of its own, which SIGKILL of
// the worker does not reach, remembers the process group of every command that runs and kills them
// once the worker is gone.
#pragma once

#include <sys/types.h>

#include "worker/descriptor.h"

namespace zcrew::worker {

class Guardian {
 public:
  // Starts the process. Throws Error (74) if there can be none.
  Guardian();
  // Every command has ended by then; the process ends too.
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  // Where a command announces itself with announce(), before it becomes the program.
  [[nodiscard]] int socket() const { return socket_.number(); }
  // The command's group is empty, or was killed. To be said before its leader is reaped, while its
  // number is nobody else's.
  void forget(pid_t group) const;

 private:
  Descriptor socket_;
  pid_t process_ = -1;
};

// Only makes system calls, for a process that shares its parent's memory.
void announce(int socket, pid_t group);

}  // namespace zcrew::worker
