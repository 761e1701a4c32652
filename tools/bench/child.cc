#include "bench/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "bench/stamp.h"
#include "zcrew/error.h"

namespace zcrew::tool::bench {

namespace {

[[noreturn]] void be_the_child(pid_t parent, Board& board, const std::function<void()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(exit_code::io_error);
  ::signal(SIGINT, SIG_IGN);  // a terminal's Ctrl-C is for the parent, who ends its children
  try {
    work();
  } catch (const std::exception& error) {
    board.complain(error.what());
    ::_exit(exit_code::io_error);
  }
  ::_exit(exit_code::ok);
}

}  // namespace

Child::Child(Board& board, const std::function<void()>& work) {
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) {
    throw Error("no process left for the benchmark: raise the limit (ulimit -u)",
                exit_code::io_error);
  }
  if (pid_ == 0) be_the_child(parent, board, work);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Child::~Child() { join(0); }

bool Child::ended() {
  if (pid_ < 0) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

void Child::join(std::uint64_t patience_ns) {
  const std::uint64_t until = now_ns() + patience_ns;
  while (!ended() && now_ns() < until) sleep_until(now_ns() + 1000000);
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace zcrew::tool::bench
