#include "worker/exec_check.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace zcrew::worker {
namespace {

std::string cure_of(int error) {
  switch (error) {
    case EAGAIN:
    case ENOMEM:
      return "raise the limit of processes or lower --concurrency";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n)";
    case ETXTBSY:
      return "somebody is writing that file: wait, or replace it by renaming a new one";
    case E2BIG:
      return "shorten the command or the environment";
    case ENOENT:
    case ENOTDIR:
      return "put the file back, or the loader or interpreter that it names";
    case EACCES:
    case EPERM:
      return "check the permissions of the file, its directories and its file system";
    case ENOEXEC:
      return "it is neither a program for this machine nor a script: build it for this machine, or "
             "begin it with a line like #!/bin/sh";
    default:
      return "check the file";
  }
}

}  // namespace

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// A traced process stops when execve(2) has succeeded, before the program's first instruction, and
// is killed there. Only the kernel knows all that it can run (other machines' programs too, where
// binfmt_misc has somebody for them), and asks for it in no other way before Linux 6.14.
int exec_error(const std::string& path, const std::vector<std::string>& argv) {
  const std::vector<char*> arguments = pointers(argv);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // without its tracer it would run on
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(0);
    execve(path.c_str(), arguments.data(), environ);
    _exit(errno);
  }
  if (pid < 0) return 0;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  if (WIFSTOPPED(status)) {
    kill(pid, SIGKILL);
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  return 0;
}

bool will_pass(int error) {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ||
         error == ETXTBSY;
}

std::string explain_start(int error) {
  return std::string(std::strerror(error)) + ": " + cure_of(error);
}

}  // namespace zcrew::worker
