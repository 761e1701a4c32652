#include "signals.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "lmdb/inside.h"
#include "router/opening.h"
#include "zcrew/error.h"

namespace zcrew::tool {

namespace {

// A signal handler has nowhere else to look. Set before it is installed, cleared after it is gone.
std::function<void()> stop_call;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void handle(int /*number*/) {
  const int saved = errno;
  stop_call();
  errno = saved;
}

void install(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  for (const int number : {SIGINT, SIGTERM}) ZCREW_CHECK(sigaction(number, &action, nullptr) == 0);
}

}  // namespace

void ignore_broken_pipes() { ZCREW_CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR); }

void ignore_file_size_signal() { ZCREW_CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); }

namespace {

// Set before the handler is installed.
std::string damage_line;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void end_as_damaged(int number) {
  if (lmdb::Inside::here()) {
    const ssize_t ignored = ::write(STDERR_FILENO, damage_line.data(), damage_line.size());
    static_cast<void>(ignored);
    _exit(exit_code::corrupt_journal);
  }
  signal(number, SIG_DFL);  // another fault than the journal's ends the process as ever
  raise(number);
}

}  // namespace

void take_faults_as_damage(const std::string& journal) {
  damage_line = "zcrew: the journal " + journal +
                " is damaged: reading it ended in a memory fault. " + router::damage_cure(journal) +
                ".\n";
  for (const int number : {SIGBUS, SIGSEGV, SIGABRT})
    ZCREW_CHECK(signal(number, end_as_damaged) != SIG_ERR);
}

void end_by_broken_pipe() {
  signal(SIGPIPE, SIG_DFL);
  raise(SIGPIPE);
  _exit(128 + SIGPIPE);
}

StopSignals::StopSignals(std::function<void()> on_stop, Second second) {
  ZCREW_CHECK(!stop_call);
  stop_call = std::move(on_stop);
  // No SA_RESTART: a read() that waits for input must end too.
  install(handle, second == Second::kills ? static_cast<int>(SA_RESETHAND) : 0);
}

StopSignals::~StopSignals() {
  install(SIG_DFL, 0);
  stop_call = nullptr;
}

}  // namespace zcrew::tool
