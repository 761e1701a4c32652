// A worker of the torture: does what each job's payload says and records every execution, and when
// its connection was lost and was there again.
//
// usage: torture_worker ENDPOINT NAME RECORD WEIGHT CONCURRENCY QUEUE…
//
// A payload is "LABEL PLAN MICROSECONDS PADDING". The plan has a letter for each attempt, the last
// of which stands for all later ones: d done, f failed, r rejected, x given back once and then
// done, p the process dies with the job, l it takes ten seconds and is done.
#include "zcrew/worker.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "record.h"

namespace {

using namespace zcrew;
using std::chrono::steady_clock;

Worker* running = nullptr;

void stop(int /*signal*/) { running->stop(); }

struct Work {
  std::string label;
  std::string plan;
  std::chrono::microseconds length{};

  explicit Work(std::string_view payload) {
    std::istringstream words{std::string(payload.substr(0, 200))};
    long long microseconds = 0;
    words >> label >> plan >> microseconds;
    length = std::chrono::microseconds(microseconds);
  }

  [[nodiscard]] char step(unsigned attempt) const {
    return plan.at(std::min<std::size_t>(attempt, plan.size()) - 1);
  }
};

class Executions {
 public:
  explicit Executions(const char* path) : record_(path) {}

  // What may have been taken from it while it was out of reach, and what not, is judged by this.
  void note(const WorkerEvent& event) const {
    if (event.kind == WorkerEvent::Kind::connected) record_.line("connected");
    if (event.kind == WorkerEvent::Kind::disconnected) record_.line("disconnected");
    std::fprintf(stderr, "%s\n", event.text.c_str());
  }

  Answer run(const Attempt& attempt) {
    const Work work(attempt.payload);
    const std::string which = work.label + " " + attempt.id + " " + std::to_string(attempt.attempt);
    record_.line("start " + which);
    const char step = work.step(attempt.attempt);
    if (step == 'p') std::_Exit(9);  // with no end in the record, as a crash leaves none
    const Answer answer = outcome(step, attempt.id);
    const bool whole = spend(step == 'l' ? std::chrono::seconds{10} : work.length, attempt);
    static constexpr const char* words[] = {"done", "failed", "rejected", "released"};
    record_.line("end " + which + " " +
                 (whole ? words[static_cast<int>(answer.outcome)] : "abandoned"));
    return whole ? answer : Answer{JobOutcome::failed, "cut short", {}};
  }

 private:
  Answer outcome(char step, const std::string& id) {
    switch (step) {
      case 'f':
        return {JobOutcome::failed, "as planned", {}};
      case 'r':
        return {JobOutcome::rejected, "as planned", {}};
      case 'x': {
        const std::lock_guard lock(mutex_);
        if (given_back_.insert(id).second) return {JobOutcome::released, "", {}};
        [[fallthrough]];
      }
      default:
        return {JobOutcome::done, "result of " + id, {}};
    }
  }

  // False if the attempt was taken away meanwhile.
  static bool spend(std::chrono::microseconds length, const Attempt& attempt) {
    const auto until = steady_clock::now() + length;
    while (steady_clock::now() < until) {
      if (attempt.abandoned()) return false;
      const auto left = until - steady_clock::now();
      // tidy: allow(waits) this wait is the job's work
      std::this_thread::sleep_for(
          std::min<steady_clock::duration>(left, std::chrono::milliseconds{20}));
    }
    return true;
  }

  torture::Record record_;
  std::mutex mutex_;
  std::set<std::string> given_back_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 7) return 2;
  WorkerOptions options;
  options.router = arguments[1];
  options.name = arguments[2];
  options.weight = static_cast<unsigned>(std::atoi(arguments[4]));
  options.concurrency = static_cast<unsigned>(std::atoi(arguments[5]));
  options.queues.assign(arguments + 6, arguments + count);
  Executions executions(arguments[3]);
  Worker worker(
      options, [&](const Attempt& attempt) { return executions.run(attempt); },
      [&](const WorkerEvent& event) { executions.note(event); });
  running = &worker;
  std::signal(SIGTERM, stop);
  return worker.run() ? 0 : 69;
}
