#include "router/loop.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "journal/memory_journal.h"
#include "net/watch.h"
#include "peers.h"
#include "zcrew/error.h"

namespace zcrew::router {
namespace {

enum class Disk : std::uint8_t { works, stands_still };

// A journal that works until it is told not to, or only when it is told to.
class BreakingJournal : public journal::MemoryJournal {
 public:
  explicit BreakingJournal(Disk disk) : stands_still_(disk == Disk::stands_still) {}
  std::uint64_t make_room() override {
    stands_still_.wait(true);
    return MemoryJournal::make_room();
  }
  void commit(const journal::Batch& batch) override {
    hangs_ = commit_hangs_.load();
    hangs_.notify_all();
    commit_hangs_.wait(true);
    hangs_ = false;
    if (!batch.puts.empty()) thread_of_jobs_ = std::this_thread::get_id();
    if (commits_break_) throw journal::JournalError("fdatasync: Input/output error");
    MemoryJournal::commit(batch);
  }
  journal::DeadPage read_dead(QueueNumber queue, const JobId& after, std::uint32_t max) override {
    if (reads_break_) throw journal::Damaged("dead: the checksum of q1p5n1 does not fit");
    return MemoryJournal::read_dead(queue, after, max);
  }
  journal::Gauges gauges() override {
    if (reads_break_) throw journal::Damaged("meta: the checksum of the page does not fit");
    return MemoryJournal::gauges();
  }
  // Apart: the commit of a router's start may come later than its first answer from a read.
  void break_commits() { commits_break_ = true; }
  void break_reads() { reads_break_ = true; }
  void hang_commits() { commit_hangs_ = true; }
  void wait_for_hanging() { hangs_.wait(false); }
  [[nodiscard]] std::thread::id last_thread_of_jobs() const { return thread_of_jobs_; }
  void go_on() {
    for (std::atomic<bool>* stop : {&stands_still_, &commit_hangs_}) {
      *stop = false;
      stop->notify_all();
    }
  }

 private:
  std::atomic<bool> stands_still_;
  std::atomic<bool> commit_hangs_{false};
  std::atomic<bool> hangs_{false};
  std::atomic<std::thread::id> thread_of_jobs_{};
  std::atomic<bool> commits_break_{false};
  std::atomic<bool> reads_break_{false};
};

// The loop over that journal, in a thread.
class BreakingRouter {
 public:
  explicit BreakingRouter(Disk disk = Disk::works)
      : journal(disk),
        sockets_({"tcp://127.0.0.1:*", "tcp://127.0.0.1:*", 0}),
        made_(net::read_clocks()),
        core_({}, journal.open(), made_),
        thread_([this] {
          begun_.wait(false);
          exit_code_ = run();
        }) {
    if (disk == Disk::works) begin();
  }
  ~BreakingRouter() {
    if (!thread_.joinable()) return;
    begin();
    journal.go_on();
    stops_ = 2;
    sockets_.wake();
    thread_.join();
  }
  BreakingRouter(const BreakingRouter&) = delete;
  BreakingRouter& operator=(const BreakingRouter&) = delete;

  [[nodiscard]] std::string frontend() const { return sockets_.endpoint(core::Side::frontend); }
  [[nodiscard]] std::string backend() const { return sockets_.endpoint(core::Side::backend); }
  [[nodiscard]] std::thread::id thread() const { return thread_.get_id(); }
  void stop() {
    ++stops_;
    sockets_.wake();
  }
  // Empty if there is none.
  std::string wait_for_error() {
    std::unique_lock lock(mutex_);
    failed_.wait_for(lock, test_patience, [this] { return !errors_.empty(); });
    return errors_.empty() ? "" : errors_.front();
  }

  // With a disk that stands still, only then does it serve; peers may connect before.
  void begin() {
    begun_ = true;
    begun_.notify_all();
  }
  int wait() {
    thread_.join();
    return exit_code_;
  }
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

  BreakingJournal journal;

 private:
  int run() {
    Loop loop({sockets_, journal, core_, stops_},
              {"test-journal", std::chrono::seconds{1}, Duration{}, made_.mono},
              [this](LogLevel level, const std::string& line) {
                if (level != LogLevel::error) return;
                const std::lock_guard lock(mutex_);
                errors_.push_back(line);
                failed_.notify_all();
              });
    return loop.run();
  }

  Sockets sockets_;
  Now made_;
  core::Router core_;
  std::atomic<unsigned> stops_{0};
  std::atomic<bool> begun_{false};
  std::mutex mutex_;
  std::condition_variable failed_;
  std::vector<std::string> errors_;
  int exit_code_ = -1;
  std::thread thread_;
};

TEST_CASE("a failing commit ends the router with 74 and one line that names cause and cure") {
  net::Context context;
  BreakingRouter router;
  TestPeer client(context, router.frontend());
  client.send(wire::ClientHello{wire::protocol_version, net::random_uuid(), 1, "test"});
  client.expect_from_frontend<wire::ClientWelcome>();
  router.journal.break_commits();
  wire::Submit submit;
  submit.batch = 1;
  submit.groups.push_back({{.queue = "default"}, {{0, "x", {}}}});
  client.send(submit);
  CHECK(router.wait() == exit_code::io_error);
  REQUIRE(router.errors().size() == 1);
  const std::string& line = router.errors().front();
  CHECK(line.find("test-journal") != std::string::npos);
  CHECK(line.find("fdatasync: Input/output error") != std::string::npos);
  CHECK(line.find("start again") != std::string::npos);
}

TEST_CASE("damage met by a read ends the router with 65") {
  net::Context context;
  BreakingRouter router;
  TestPeer client(context, router.frontend());
  client.send(wire::Admin{1, "dead_list", "{}"});
  client.expect_from_frontend<wire::AdminReply>();
  router.journal.break_reads();
  client.send(wire::Admin{2, "dead_list", "{}"});
  CHECK(router.wait() == exit_code::corrupt_journal);
  REQUIRE(router.errors().size() == 1);
  CHECK(
      router.errors().front() ==
      "The journal test-journal is damaged: dead: the checksum of q1p5n1 does not fit. The router "
      "ends rather than work with wrong data. `zcrew check test-journal` looks at all of it; "
      "restore a copy made before, or set that directory aside and start with a new one.");
}

TEST_CASE("who asks a router before its first commit hears of all that it has") {
  net::Context context;
  BreakingRouter router(Disk::stands_still);
  TestPeer client(context, router.frontend());
  client.send(wire::Admin{1, "queues", "{}"});
  // Its handshake goes back and forth between the same threads, behind the question.
  const TestPeer later(context, router.frontend());
  router.begin();
  const std::string body(client.expect_from_frontend<wire::AdminReply>().body);
  CHECK(body.find("\"name\":\"default\"") != std::string::npos);
  router.journal.go_on();
  router.journal.break_reads();
  client.send(wire::Admin{2, "dead_list", "{}"});
  CHECK(router.wait() == exit_code::corrupt_journal);
}

wire::Submit submission(std::uint64_t batch, std::uint32_t jobs) {
  wire::Submit submit;
  submit.batch = submit.floor = batch;
  submit.groups.push_back({{.queue = "default"}, {}});
  for (std::uint32_t i = 0; i < jobs; ++i) submit.groups[0].items.push_back({i, "x", {}});
  return submit;
}

void greet(TestPeer& client) {
  client.send(wire::ClientHello{wire::protocol_version, net::random_uuid(), 1, "test"});
  client.expect_from_frontend<wire::ClientWelcome>();
}

TEST_CASE("few records are written by the thread that got them, and confirmed at once") {
  net::Context context;
  BreakingRouter router;
  TestPeer client(context, router.frontend());
  greet(client);
  const Instant began = net::read_monotonic();
  for (std::uint64_t batch = 1; batch <= 50; ++batch) {
    client.send(submission(batch, 1));
    client.expect_from_frontend<wire::ConfirmMessage>();
    CHECK(router.journal.last_thread_of_jobs() == router.thread());
  }
  // A router that hears of its own commit when it looks next takes a tenth of a second for each.
  CHECK(net::read_monotonic() - began < std::chrono::seconds{2});
}

TEST_CASE("many records are left to the commit thread") {
  net::Context context;
  BreakingRouter router;
  TestPeer client(context, router.frontend());
  greet(client);
  client.send(submission(1, 65));
  client.expect_from_frontend<wire::ConfirmMessage>();
  CHECK(router.journal.last_thread_of_jobs() != router.thread());
}

// A router whose thread hangs in the commit of one job.
struct HangingRouter : BreakingRouter {
  explicit HangingRouter(net::Context& context) : client(context, frontend()) {
    greet(client);
    journal.hang_commits();
    client.send(submission(1, 1));
    journal.wait_for_hanging();
  }
  TestPeer client;
};

// So often that a router which hears of it only when it looks anyhow, ten times a second, takes
// twice as long as it may.
template <typename Exchange>
void is_quick(Exchange exchange) {
  const Instant began = net::read_monotonic();
  for (int round = 0; round < 40; ++round) exchange();
  CHECK(net::read_monotonic() - began < std::chrono::seconds{2});
}

TEST_CASE("a disk that hangs holds up the confirm, and nobody else") {
  net::Context context;
  HangingRouter router(context);
  TestPeer other(context, router.frontend());
  TestPeer worker(context, router.backend());
  greet(other);
  is_quick([&] {  // a client, and the journal's reader
    other.send(wire::Admin{1, "status", "{}"});
    other.expect_from_frontend<wire::AdminReply>();
  });
  is_quick([&] {  // a worker; one that could be served would wait for the disk
    wire::WorkerHello hello;
    hello.version = wire::protocol_version + 1;
    hello.queues = {"default"};
    worker.send(hello);
    worker.expect_from_backend<wire::Error>();
  });
  router.journal.go_on();
  const auto confirm = router.client.expect_from_frontend<wire::ConfirmMessage>();
  CHECK(confirm.entries.size() == 1);
}

std::chrono::microseconds processor_time() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return std::chrono::seconds{used.ru_utime.tv_sec + used.ru_stime.tv_sec} +
         std::chrono::microseconds{used.ru_utime.tv_usec + used.ru_stime.tv_usec};
}

TEST_CASE("a router that is stopped while its disk hangs waits without a turn after the other") {
  net::Context context;
  HangingRouter router(context);
  router.stop();
  router.stop();
  const auto before = processor_time();
  net::Watch().wait(Milliseconds{400});  // of which the processor's time is measured
  CHECK(processor_time() - before < std::chrono::milliseconds{100});
  router.journal.go_on();
  CHECK(router.wait() == exit_code::ok);
}

TEST_CASE("damage met by a read is told at once though a commit hangs") {
  net::Context context;
  HangingRouter router(context);
  router.journal.break_reads();
  router.client.send(wire::Admin{1, "status", "{}"});
  CHECK(router.wait_for_error().find("is damaged") != std::string::npos);
  router.journal.go_on();
  CHECK(router.wait() == exit_code::corrupt_journal);
}

}  // namespace
}  // namespace zcrew::router
