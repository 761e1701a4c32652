#include "worker/command.h"

#include <dirent.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "net/clock.h"
#include "temporary_folder.h"

namespace zcrew::worker {
namespace {

Attempt attempt_with(std::string_view payload) {
  Attempt attempt;
  attempt.id = "q1p5n9";
  attempt.queue = "mail";
  attempt.attempt = 3;
  attempt.payload = payload;
  return attempt;
}

Answer run(std::vector<std::string> argv, std::string_view payload = {}) {
  CommandOptions options;
  options.argv = std::move(argv);
  return CommandHandler(std::move(options))(attempt_with(payload));
}

Answer run_shell(const std::string& script, std::string_view payload = {}) {
  return run({"sh", "-c", script}, payload);
}

// False also for a zombie that init has not got round to.
bool is_running(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string number;
  std::string name;
  std::string state;
  return file >> number >> name >> state && state != "Z";
}

template <typename Condition>
bool soon(Condition condition) {
  const Instant deadline = net::read_clocks().mono + std::chrono::seconds{10};
  while (!condition()) {
    if (net::read_clocks().mono > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

}  // namespace

TEST_CASE("the payload is stdin and stdout is the result") {
  const Answer answer = run({"sha256sum"}, "hello");
  CHECK(answer.outcome == JobOutcome::done);
  CHECK(answer.bytes == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  -\n");
}

TEST_CASE("an empty payload is an empty stdin") { CHECK(run({"wc", "-c"}).bytes == "0\n"); }

TEST_CASE("ten megabytes go in and come out without a deadlock") {
  std::string payload;
  for (int i = 0; payload.size() < std::size_t{10} << 20U; ++i) payload += std::to_string(i) + "\n";
  const Answer answer = run({"cat"}, payload);
  CHECK(answer.outcome == JobOutcome::done);
  CHECK(answer.bytes == payload);
}

TEST_CASE("a command need not read its stdin") {
  const Answer answer = run({"true"}, std::string(std::size_t{1} << 20U, 'x'));
  CHECK(answer.outcome == JobOutcome::done);
}

TEST_CASE("the environment names the job") {
  CHECK(run_shell("echo $ZCREW_JOB_ID $ZCREW_ATTEMPT $ZCREW_QUEUE").bytes == "q1p5n9 3 mail\n");
}

TEST_CASE("exit codes decide the outcome") {
  CHECK(run_shell("exit 0").outcome == JobOutcome::done);
  CHECK(run_shell("exit 1").outcome == JobOutcome::failed);
  CHECK(run_shell("exit 100").outcome == JobOutcome::rejected);
  CHECK(run_shell("exit 111").outcome == JobOutcome::released);
  CHECK(run_shell("exit 111").delay > std::chrono::milliseconds{0});  // no tight loop
  CHECK(run_shell("exit 255").outcome == JobOutcome::failed);
}

TEST_CASE("a failure's text has the exit code and the last line of stderr") {
  CHECK(run_shell("echo first >&2; echo no such address >&2; echo >&2; exit 3").bytes ==
        "exit code 3: no such address");
  CHECK(run_shell("printf unfinished >&2; exit 100").bytes == "exit code 100: unfinished");
  CHECK(run_shell("exit 4").bytes == "exit code 4");
}

TEST_CASE("death by a signal is a failure that names it") {
  const Answer answer = run_shell("echo going down >&2; kill -SEGV $$");
  CHECK(answer.outcome == JobOutcome::failed);
  CHECK(answer.bytes == "killed by signal 11 (Segmentation fault): going down");
}

TEST_CASE("lines of stderr go to the log with the job's id, fit for a terminal") {
  std::vector<std::string> lines;
  CommandOptions options;
  options.argv = {"sh", "-c", "printf 'one\\ntwo \\033[31m\\r\\nlast' >&2"};
  options.log = [&](const std::string& line) { lines.push_back(line); };
  CommandHandler{options}(attempt_with(""));
  CHECK(lines == std::vector<std::string>{"q1p5n9: one", "q1p5n9: two ?[31m", "q1p5n9: last"});
}

TEST_CASE("a flood on stderr is bounded, in lines and in their length") {
  std::vector<std::string> lines;
  CommandOptions options;
  options.argv = {"sh", "-c", "head -c 3000 /dev/zero | tr '\\0' x >&2; echo >&2; seq 5000 >&2"};
  options.log = [&](const std::string& line) { lines.push_back(line); };
  CHECK(CommandHandler{options}(attempt_with("")).outcome == JobOutcome::done);
  REQUIRE(lines.size() == 1001);
  CHECK(lines[0].size() < 1100);
  CHECK(lines.back() == "q1p5n9: 4001 more lines on stderr were dropped");
}

TEST_CASE("more output than a result may have is a failure, and ends the command") {
  CommandOptions options;
  options.argv = {"yes"};
  options.result_bytes_max = 100000;
  const Answer answer = CommandHandler{options}(attempt_with(""));
  CHECK(answer.outcome == JobOutcome::failed);
  CHECK(answer.bytes.find("100000 bytes") != std::string::npos);
}

TEST_CASE("a time limit ends the command and says so") {
  Attempt attempt = attempt_with("");
  attempt.time_limit = std::chrono::milliseconds{150};
  CommandOptions options;
  options.argv = {"sleep", "60"};
  const Instant start = net::read_clocks().mono;
  const Answer answer = CommandHandler{options}(attempt);
  CHECK(answer.outcome == JobOutcome::failed);
  CHECK(answer.bytes == "time limit of 0.15 s");
  CHECK(net::read_clocks().mono - start < std::chrono::seconds{4});
}

TEST_CASE("a command that ignores SIGTERM is killed after the grace time") {
  Attempt attempt = attempt_with("");
  attempt.time_limit = std::chrono::milliseconds{100};
  CommandOptions options;
  options.argv = {"sh", "-c", "trap '' TERM; echo stubborn >&2; while :; do sleep 60; done"};
  options.grace = std::chrono::milliseconds{100};
  const Answer answer = CommandHandler{options}(attempt);
  CHECK(answer.bytes == "time limit of 0.1 s: stubborn");
}

TEST_CASE("a command within its time limit is not disturbed") {
  Attempt attempt = attempt_with("");
  attempt.time_limit = std::chrono::minutes{1};
  CommandOptions options;
  options.argv = {"echo", "quick"};
  CHECK(CommandHandler{options}(attempt).bytes == "quick\n");
}

TEST_CASE("an abandoned attempt's command ends with all it started") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/pid";
  Attempt attempt = attempt_with("");
  pid_t grandchild = 0;
  attempt.abandoned = [&] {
    std::ifstream(file) >> grandchild;
    return grandchild > 0;
  };
  CommandOptions options;
  options.argv = {"sh", "-c", "sleep 60 & echo $! > '" + file + "'; wait"};
  CHECK(CommandHandler{options}(attempt).outcome == JobOutcome::released);
  CHECK(soon([&] { return !is_running(grandchild); }));
}

TEST_CASE("a background process that holds the pipes does not hold up the job, and is ended") {
  const Instant start = net::read_clocks().mono;
  const Answer answer = run_shell("sleep 60 & echo $!");
  CHECK(answer.outcome == JobOutcome::done);
  CHECK(net::read_clocks().mono - start < std::chrono::seconds{10});
  const pid_t grandchild = std::stoi(answer.bytes);
  CHECK(soon([&] { return !is_running(grandchild); }));
}

TEST_CASE("a command dies with its worker") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/pid";
  const pid_t worker = fork();
  if (worker == 0) {
    run_shell("echo $$ > '" + file + "'; exec sleep 60");
    _exit(0);
  }
  pid_t command = 0;
  CHECK(soon([&] {
    std::ifstream(file) >> command;
    return command > 0;
  }));
  kill(worker, SIGKILL);
  waitpid(worker, nullptr, 0);
  CHECK(soon([&] { return !is_running(command); }));
}

TEST_CASE("a command starts with signals as a shell would give them") {
  // SIGPIPE ends a pipeline's writer, though the worker itself does not want it.
  signal(SIGPIPE, SIG_IGN);
  CHECK(run_shell("yes | head -n 1").bytes == "y\n");
  CHECK(run_shell("grep -Ec 'Sig(Blk|Ign).*[1-9a-f]' /proc/self/status; true").bytes == "0\n");
  signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("runs leak no descriptors, into the worker or into commands") {
  run({"true"});
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    run({"true"}, "x");
    run_shell("sleep 60 & exit 3");
  }
  CHECK(open_descriptors() == before);
  // 0, 1, 2 and the one ls has for the folder itself.
  CHECK(run({"ls", "/proc/self/fd"}).bytes == "0\n1\n2\n3\n");
}

TEST_CASE("runs on many threads at once do not disturb each other") {
  CommandOptions options;
  options.argv = {"cat"};
  const CommandHandler handler(options);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string payload = std::to_string(t) + "/" + std::to_string(i);
        if (handler(attempt_with(payload)).bytes != payload) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a job whose program went away is given back, and that is said once") {
  const TemporaryFolder folder;
  std::vector<std::string> lines;
  CommandOptions options;
  options.argv = {folder.program("program", "#!/bin/sh\n")};
  options.trouble = [&](const std::string& line, bool lasting) {
    CHECK(lasting);
    lines.push_back(line);
  };
  const CommandHandler handler(options);
  CHECK(handler(attempt_with("")).outcome == JobOutcome::done);
  std::filesystem::remove(options.argv[0]);
  for (int i = 0; i < 3; ++i) CHECK(handler(attempt_with("")).outcome == JobOutcome::released);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "cannot start " + options.argv[0] +
                        ": No such file or directory: put the file back, or the loader or "
                        "interpreter that it names");
}

TEST_CASE("a start that the moment refuses gives the job back after a rest, and is no end") {
  const TemporaryFolder folder;
  std::vector<bool> told;
  CommandOptions options;
  options.argv = {folder.program("program", "#!/bin/sh\n")};
  options.trouble = [&](const std::string& line, bool lasting) {
    CHECK(line.find("Text file busy") != std::string::npos);
    told.push_back(lasting);
  };
  const CommandHandler handler(options);
  for (int i = 0; i < 2; ++i) {
    {
      const std::ofstream writer(options.argv[0], std::ios::app);
      const Instant start = net::read_clocks().mono;
      CHECK(handler(attempt_with("")).outcome == JobOutcome::released);
      CHECK(net::read_clocks().mono - start >= std::chrono::milliseconds{900});
    }
    CHECK(handler(attempt_with("")).outcome == JobOutcome::done);
  }
  CHECK(told == std::vector<bool>{false, false});  // again, because one was started meanwhile
}

TEST_CASE("a script without a first line runs in the shell, as it does from one") {
  const TemporaryFolder folder;
  const std::string script = folder.program("script", "echo \"$1\"\n");
  CHECK(run({script, "argument"}).bytes == "argument\n");
}

}  // namespace zcrew::worker
