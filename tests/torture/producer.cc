// A producer of the torture: submits jobs of many kinds and keeps a ledger of every receipt.
//
// usage: torture_producer ENDPOINT NAME RECORD SEED < commands
//
// Commands, a line each: "rate N" jobs a second from now on, "flood N" at once, "end" submits no
// more and exits with 0 once every job has its receipts. docs/testing.md says what is judged.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "record.h"
#include "zcrew/client.h"

namespace {

using namespace zcrew;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

class Producer {
 public:
  Producer(const ClientOptions& options, const char* record, unsigned seed)
      : client_(options), name_(options.name), record_(record), random_(seed) {}

  // Until "end" or the end of input, and until nothing is open any more.
  void run() {
    while (!ending_ || !open_.empty() || !waiting_.empty()) {
      read_commands();
      make_due_jobs();
      submit();
      take_events();
    }
    record_.line("settled");
  }

 private:
  struct Open {
    std::string label;
    bool wants_result = false;
  };

  void read_commands() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (!closed_ && ::poll(&input, 1, 0) > 0) {
      char buffer[4096];
      const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
      if (got <= 0) {
        closed_ = ending_ = true;
        return;
      }
      text_.append(buffer, static_cast<std::size_t>(got));
      for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
        obey(text_.substr(0, end));
        text_.erase(0, end + 1);
      }
    }
  }

  void obey(const std::string& command) {
    std::istringstream words(command);
    std::string verb;
    unsigned number = 0;
    words >> verb >> number;
    if (verb == "rate") rate_ = number;
    if (verb == "flood") due_ += number;
    if (verb == "end") ending_ = true;
  }

  void make_due_jobs() {
    const auto now = steady_clock::now();
    const std::chrono::duration<double> passed = std::min<steady_clock::duration>(now - last_, 1s);
    last_ = now;
    if (ending_) due_ = 0;
    if (!ending_) due_ += passed.count() * rate_;
    for (; due_ >= 1 && waiting_.size() < 1000; due_ -= 1) waiting_.push_back(make_job());
  }

  unsigned below(unsigned limit) {
    return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_);
  }

  std::string plan() {
    const unsigned draw = below(1000);
    if (draw < 900) return "d";
    if (draw < 940) return "fd";
    if (draw < 965) return "ffd";
    if (draw < 975) return "f";
    if (draw < 985) return "r";
    if (draw < 998) return "x";
    return draw < 999 ? "pd" : "p";
  }

  unsigned length_us() {
    const unsigned draw = below(100);
    if (draw < 60) return below(1000);
    if (draw < 99) return 1000 + below(30'000);
    return 100'000 + below(1'200'000);
  }

  std::size_t padding() {
    const unsigned draw = below(1000);
    return draw < 960 ? below(200) : draw < 997 ? below(16'000) : below(400'000);
  }

  Job make_job() {
    const std::string label = name_ + "-" + std::to_string(++made_);
    Job job;
    const std::string steps = plan();
    job.payload =
        label + " " + steps + " " + std::to_string(length_us()) + " " + std::string(padding(), '.');
    job.queue = "q" + std::to_string(below(4));
    job.priority = below(10);
    job.attempts = 4;
    job.backoff = std::chrono::milliseconds(50);
    if (below(20) == 0) job.delay = std::chrono::milliseconds(below(2000));
    if (below(30) == 0) job.expires = 5min;
    job.wants_result = below(2) == 0;
    record_.line("submit " + label + " " + steps + (job.wants_result ? " result" : " none") +
                 (job.expires > 0ms ? " expires" : " stays"));
    return job;
  }

  void submit() {
    while (!waiting_.empty()) {
      Open open{waiting_.front().payload.substr(0, waiting_.front().payload.find(' ')),
                waiting_.front().wants_result};
      const auto ticket = client_.submit(waiting_.front(), 0ms);
      if (!ticket) return;  // the window is full: later
      waiting_.pop_front();
      open_.emplace(*ticket, std::move(open));
    }
  }

  void take_events() {
    auto patience = 5ms;
    while (const auto event = client_.next(patience)) {
      patience = 0ms;
      std::visit([this](const auto& e) { take(e); }, *event);
    }
  }

  void take(const Confirmed& event) {
    const auto it = open_.find(event.ticket);
    if (it == open_.end()) return record_.line("confirmed-again " + event.id);
    record_.line("confirmed " + it->second.label + " " + event.id);
    if (!it->second.wants_result) open_.erase(it);
  }
  void take(const Finished& event) {
    const auto it = open_.find(event.ticket);
    if (it == open_.end()) return record_.line("finished-again " + event.id);
    record_.line(
        "finished " + it->second.label + " " + event.id + " " + to_text(event.end) + " " +
        std::to_string(event.attempts) + " " + (event.worker.empty() ? "-" : event.worker) + " " +
        (event.end == JobEnd::done && event.result == "result of " + event.id ? "true" : "-"));
    open_.erase(it);
  }
  void take(const RefusedJob& event) {
    const auto it = open_.find(event.ticket);
    if (it == open_.end()) return record_.line("refused-again " + std::to_string(event.code));
    record_.line("refused " + it->second.label + " " + std::to_string(event.code));
    open_.erase(it);
  }
  void take(const HeldBack& event) { record_.line("held-back " + std::to_string(event.code)); }
  void take(const LinkUp& event) { record_.line("up " + std::to_string(event.epoch)); }
  void take(const LinkDown&) { record_.line("down"); }

  Client client_;
  std::string name_;
  torture::Record record_;
  std::mt19937 random_;
  std::string text_;
  bool closed_ = false;
  bool ending_ = false;
  double rate_ = 0;
  double due_ = 0;
  steady_clock::time_point last_ = steady_clock::now();
  std::uint64_t made_ = 0;
  std::deque<Job> waiting_;
  std::map<Ticket, Open> open_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  Producer producer({arguments[1], arguments[2]}, arguments[3],
                    static_cast<unsigned>(std::strtoul(arguments[4], nullptr, 10)));
  producer.run();
  return 0;
}
