#include "router/loop.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "journal/memory_journal.h"
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
    commit_hangs_.wait(true);
    if (commits_break_) throw journal::JournalError("fdatasync: Input/output error");
    MemoryJournal::commit(batch);
  }
  journal::DeadPage read_dead(QueueNumber queue, const JobId& after, std::uint32_t max) override {
    if (reads_break_) throw journal::Damaged("dead: the checksum of q1p5n1 does not fit");
    return MemoryJournal::read_dead(queue, after, max);
  }
  // Apart: the commit of a router's start may come later than its first answer from a read.
  void break_commits() { commits_break_ = true; }
  void break_reads() { reads_break_ = true; }
  void hang_commits() { commit_hangs_ = true; }
  void go_on() {
    for (std::atomic<bool>* stop : {&stands_still_, &commit_hangs_}) {
      *stop = false;
      stop->notify_all();
    }
  }

 private:
  std::atomic<bool> stands_still_;
  std::atomic<bool> commit_hangs_{false};
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
                if (level == LogLevel::error) errors_.push_back(line);
              });
    return loop.run();
  }

  Sockets sockets_;
  Now made_;
  core::Router core_;
  std::atomic<unsigned> stops_{0};
  std::atomic<bool> begun_{false};
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

TEST_CASE("a disk that hangs holds up the confirm, and nobody else") {
  net::Context context;
  BreakingRouter router;
  TestPeer client(context, router.frontend());
  const auto session = net::random_uuid();
  client.send(wire::ClientHello{wire::protocol_version, session, 1, "waits"});
  client.expect_from_frontend<wire::ClientWelcome>();
  router.journal.hang_commits();
  wire::Submit submit;
  submit.batch = 1;
  submit.groups.push_back({{.queue = "default"}, {{0, "x", {}}}});
  client.send(submit);
  // Each of these is a turn or more; a router whose thread hangs in the commit makes none.
  for (int round = 0; round < 20; ++round) {
    TestPeer other(context, router.frontend());
    other.send(wire::ClientHello{wire::protocol_version, net::random_uuid(), 1, "comes"});
    other.expect_from_frontend<wire::ClientWelcome>();
    other.send(wire::Bye{});
  }
  client.send(wire::Admin{1, "queues", "{}"});
  const std::string body(client.expect_from_frontend<wire::AdminReply>().body);
  CHECK(body.find("\"ready\":1") != std::string::npos);
  router.journal.go_on();
  const auto confirm = client.expect_from_frontend<wire::ConfirmMessage>();
  REQUIRE(confirm.entries.size() == 1);
}

}  // namespace
}  // namespace zcrew::router
