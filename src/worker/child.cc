#include "worker/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "worker/exec_check.h"

namespace zcrew::worker {
namespace {

constexpr unsigned close_range_cloexec = 1U << 2U;  // <linux/close_range.h>; needs Linux 5.11

struct Pipe {
  Descriptor read;
  Descriptor write;
};

bool open_pipe(Pipe& pipe) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe.read = Descriptor(ends[0]);
  pipe.write = Descriptor(ends[1]);
  return true;
}

void stop_blocking(const Descriptor& descriptor) {
  fcntl(descriptor.number(), F_SETFL, O_NONBLOCK);
}

// All that the new process needs, ready before it exists: it shares our memory until its exec and
// may only make system calls.
struct Launch {
  const char* path = nullptr;
  char* const* argv = nullptr;
  char* const* shell_argv = nullptr;  // with which /bin/sh runs a plain script; else null
  char* const* environment = nullptr;
  int input = -1;
  int output = -1;
  int errors = -1;
  int report = -1;  // gets the error if it cannot become the program
  pid_t parent = -1;
  int guardian = -1;
};

// A handler of ours would run in the new process on our memory.
void forget_signal_handlers() {
  struct sigaction action {};
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    if (sigaction(signal, nullptr, &action) != 0) continue;
    // Ignored signals stay so across exec, as nohup(1) needs it; but a pipeline needs SIGPIPE.
    if (action.sa_handler == SIG_IGN && signal != SIGPIPE) continue;
    if (action.sa_handler == SIG_DFL) continue;
    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;
    sigaction(signal, &action, nullptr);
  }
}

[[noreturn]] void become(const Launch& launch) {
  setpgid(0, 0);
  announce(launch.guardian, getpid());
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(127);  // it died before the line above
  forget_signal_handlers();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Descriptors that others opened carelessly in our process are not the job's business.
  syscall(SYS_close_range, 3U, ~0U, close_range_cloexec);
  if (dup2(launch.input, 0) >= 0 && dup2(launch.output, 1) >= 0 && dup2(launch.errors, 2) >= 0) {
    execve(launch.path, launch.argv, launch.environment);
    if (errno == ENOEXEC && launch.shell_argv != nullptr) {
      execve("/bin/sh", launch.shell_argv, launch.environment);
    }
  }
  const int error = errno;
  _exit(write(launch.report, &error, sizeof error) < 0 ? 126 : 127);
}

// What the new process reported; 0 when its exec closed the pipe.
int reported(const Descriptor& report) {
  int error = 0;
  while (read(report.number(), &error, sizeof error) < 0 && errno == EINTR) {
  }
  return error;
}

// vfork, because the time of fork grows with the worker's memory, and posix_spawn knows no
// PR_SET_PDEATHSIG. Kept apart so that nothing else lives in this frame.
[[gnu::noinline]] pid_t launch_child(const Launch& launch) {
  const pid_t pid = vfork();
  if (pid == 0) become(launch);
  return pid;
}

StartFailure failure(const std::string& path, int error) {
  return {"cannot start " + path + ": " + explain_start(error), !will_pass(error)};
}

}  // namespace

Result<Child, StartFailure> start_child(const Program& program,
                                        const std::vector<std::string>& argv,
                                        const std::vector<std::string>& environment,
                                        const Guardian& guardian) {
  Pipe input;
  Pipe output;
  Pipe errors;
  Pipe report;
  if (!open_pipe(input) || !open_pipe(output) || !open_pipe(errors) || !open_pipe(report)) {
    return Unexpected{failure(program.path, errno)};
  }
  // A pipe on 0, 1 or 2 would be overwritten while it is needed, in a worker started without them.
  if (input.read.number() < 3 || output.write.number() < 3 || errors.write.number() < 3) {
    return Unexpected{StartFailure{
        "cannot start " + program.path +
            ": stdin, stdout and stderr of this worker must be open, /dev/null will do",
        true}};
  }
  const std::vector<char*> plain = pointers(argv);
  std::vector<std::string> through_shell = {"/bin/sh", program.path};
  through_shell.insert(through_shell.end(), argv.begin() + 1, argv.end());
  const std::vector<char*> shell = pointers(through_shell);
  const std::vector<char*> variables = pointers(environment);

  Launch launch;
  launch.path = program.path.c_str();
  launch.argv = plain.data();
  launch.shell_argv = program.is_plain_script ? shell.data() : nullptr;
  launch.environment = variables.data();
  launch.input = input.read.number();
  launch.output = output.write.number();
  launch.errors = errors.write.number();
  launch.report = report.write.number();
  launch.parent = getpid();
  launch.guardian = guardian.socket();

  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = launch_child(launch);
  int error = pid < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  report.write.close();
  if (pid > 0) error = reported(report.read);
  if (pid > 0 && error != 0) {
    guardian.forget(pid);
    waitpid(pid, nullptr, 0);
  }
  if (error != 0) return Unexpected{failure(program.path, error)};

  Child child;
  child.pid = pid;
  child.input = std::move(input.write);
  child.output = std::move(output.read);
  child.errors = std::move(errors.read);
  child.exit = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  stop_blocking(child.input);
  stop_blocking(child.output);
  stop_blocking(child.errors);
  return child;
}

void kill_group(const Child& child, int signal) { kill(-child.pid, signal); }

bool has_ended(const Child& child) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child.pid;
}

int wait_for(Child& child) {
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  child.pid = -1;
  return status;
}

}  // namespace zcrew::worker
