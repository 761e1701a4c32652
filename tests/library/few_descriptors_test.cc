// Whatever the number of free descriptors, a program gets an object that works or an Error that
// says what to do; its process never ends by a signal.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "zcrew/client.h"
#include "zcrew/router.h"
#include "zcrew/worker.h"

namespace zcrew {
namespace {

constexpr int free_most = 40;
constexpr std::chrono::seconds patience{10};
constexpr const char* nobody = "tcp://127.0.0.1:1";

// What a child ends with that threw something else, or whose object does nothing.
constexpr int no_error_of_ours = 101;
constexpr int idle_object = 102;

void leave_free(int count) {
  const rlimit limit{128, 128};
  setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<int> taken;
  for (int next = 0; (next = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(next);
  for (int i = 0; i < count && !taken.empty(); ++i) {
    close(taken.back());
    taken.pop_back();
  }
}

template <typename Work>
int exit_code_of(const Work& work) {
  try {
    return work() ? exit_code::ok : idle_object;
  } catch (const Error& error) {
    const bool tells = std::strstr(error.what(), "ulimit -n") != nullptr;
    return tells ? error.exit_code() : no_error_of_ours;
  } catch (...) {
    return no_error_of_ours;
  }
}

// How the work ended in processes with 0, 1, … free descriptors: wait(2)'s status of each.
template <typename Work>
std::vector<int> statuses_of(const Work& work) {
  std::vector<int> statuses;
  for (int free = 0; free <= free_most; ++free) {
    const pid_t child = fork();
    if (child == 0) {
      const rlimit no_core{0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      leave_free(free);
      _exit(exit_code_of(work));
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    statuses.push_back(status);
  }
  return statuses;
}

template <typename Work>
void check_errors_then_success(const Work& work) {
  const std::vector<int> statuses = statuses_of(work);
  for (std::size_t free = 0; free < statuses.size(); ++free) {
    CAPTURE(free);
    REQUIRE(WIFEXITED(statuses[free]));
    const int code = WEXITSTATUS(statuses[free]);
    CHECK((code == exit_code::ok || code == exit_code::io_error));
  }
  CHECK(WEXITSTATUS(statuses.front()) == exit_code::io_error);
  CHECK(WEXITSTATUS(statuses.back()) == exit_code::ok);
}

}  // namespace

TEST_CASE("a client among few descriptors works or says why not") {
  check_errors_then_success([] {
    Client client({nobody, "test"});
    return client.next(patience).has_value();  // LinkDown
  });
}

TEST_CASE("a worker among few descriptors works or says why not") {
  check_errors_then_success([] {
    WorkerOptions options;
    options.router = nobody;
    bool told = false;
    Worker* started = nullptr;
    Worker worker(
        options, [](const Attempt&) { return Answer{}; },
        [&](const WorkerEvent&) {
          told = true;  // that nobody answers
          started->stop();
        });
    started = &worker;
    worker.run();
    return told;
  });
}

TEST_CASE("a router among few descriptors works or says why not") {
  check_errors_then_success([] {
    RouterOptions options;
    options.clients = "tcp://127.0.0.1:*";
    options.workers = "tcp://127.0.0.1:*";
    options.journal = ":memory:";
    Router router(options, {});
    router.stop();
    return router.run() == exit_code::ok;
  });
}

}  // namespace zcrew
