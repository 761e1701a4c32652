// One producer. Closed loop: so many jobs that are not both confirmed and done at any time, as in
// the bare pass-through; with no worker, or a backlog, unconfirmed ones. Open loop: a job at each
// tick of a clock that waits for nobody, and latency counts from the tick, so that a stall is
// charged to every job it delays (no coordinated omission).
#include <algorithm>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "bench/players.h"
#include "bench/stamp.h"
#include "zcrew/client.h"
#include "zcrew/error.h"

namespace zcrew::tool::bench {

namespace {

constexpr std::chrono::milliseconds moment{1};
constexpr std::chrono::milliseconds a_while{10};
constexpr std::chrono::milliseconds look{100};
constexpr std::size_t events_a_call = 64;
constexpr std::uint64_t jobs_a_look = 64;  // the pass-through takes as many in a message

class Producer {
 public:
  Producer(Board& board, const Plan& plan, unsigned index, const std::string& endpoint)
      : board_(board),
        me_(board.producer[index]),
        plan_(plan),
        first_(plan.first_job(index)),
        share_(plan.first_job(index + 1) - first_),
        client_(ClientOptions{endpoint, "bench-producer-" + std::to_string(index)}),
        stamps_(std::max<std::uint64_t>(share_, 1)),
        blank_(plan.payload_bytes, 'x'),
        events_(events_a_call),
        tick_ns_(plan.rate > 0 ? 1e9 * plan.producers / plan.rate : 0),
        phase_ns_(tick_ns_ * index / plan.producers) {}

  void run() {
    connect();
    board_.await(Stage::fill);
    me_.begin_ns = now_ns();
    if (plan_.rate > 0) {
      std::thread clock([this] { submit_by_the_clock(); });
      while (confirmed_ < share_ && board_.stage < Stage::over) take_events(look);
      clock.join();
    } else {
      submit_in_circles();
    }
    board_.await(Stage::over);
  }

 private:
  void connect() {
    while (board_.stage < Stage::over && !me_.here) {
      const auto event = client_.next(look);
      if (event && std::holds_alternative<LinkUp>(*event)) me_.here = true;
    }
  }

  // ---- closed loop ----

  void submit_in_circles() {
    while (confirmed_ < share_ && board_.stage < Stage::over) {
      bool blocked = false;
      while (sent_ < share_ && !blocked) blocked = !submit_some();
      // A confirm wakes us; nobody does when a confirmed job, or another producer's, is done.
      const bool wakes = blocked && sent_ > confirmed_;
      take_events(wakes && awaits_workers() ? a_while : wakes ? look : moment);
    }
  }

  bool submit_some() {
    const std::uint64_t room =
        plan_.own_in_flight() - std::min(plan_.own_in_flight(), sent_ - confirmed_);
    const std::uint64_t count = std::min(plan_.own_pack(), share_ - sent_);
    if (count > room || !backlog_allows()) return false;
    if (awaits_workers() && !in_flight_allows(count)) return false;
    const std::uint64_t now = now_ns();
    make_jobs(count, [now](std::uint64_t) { return now; });
    return submit(moment);
  }

  // What other processes count is looked at for many jobs at a time: their counters are in their
  // caches, and fetching them takes as long as a submit call of one job.
  bool in_flight_allows(std::uint64_t count) {
    if (allowed_ < count) {
      const std::uint64_t limit = board_.done() + plan_.in_flight;
      const std::uint64_t room = limit - std::min(limit, board_.sent());
      if (room < count) return false;
      allowed_ = std::min(room, std::max(count, jobs_a_look));
    }
    allowed_ -= count;
    return true;
  }

  [[nodiscard]] bool awaits_workers() const { return plan_.workers > 0 && plan_.backlog == 0; }

  // Ahead of the workers by the backlog, and no more.
  [[nodiscard]] bool backlog_allows() const {
    if (plan_.backlog == 0 || plan_.workers == 0) return true;
    return board_.sent() < plan_.backlog + plan_.pack ||
           board_.sent() < board_.done() + plan_.backlog;
  }

  // ---- open loop ----

  void submit_by_the_clock() {
    const auto begin = static_cast<double>(board_.go_ns.load()) + phase_ns_;
    const auto due = [&](std::uint64_t n) {
      return static_cast<std::uint64_t>(begin + tick_ns_ * static_cast<double>(n));
    };
    while (sent_ < share_ && board_.stage < Stage::over) {
      sleep_until(due(sent_));
      std::uint64_t count = 1;
      const std::uint64_t now = now_ns();
      while (count < plan_.pack && sent_ + count < share_ && due(sent_ + count) <= now) ++count;
      make_jobs(count, due);
      while (!submit(look) && board_.stage < Stage::over) {
      }
    }
  }

  // ---- both ----

  template <typename Intended>
  void make_jobs(std::uint64_t count, Intended intended) {
    jobs_.resize(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      Job& job = jobs_[i];
      const Stamp stamp{first_ + sent_ + i, intended(sent_ + i)};
      job.queue = plan_.queue(stamp.number);
      job.delay = plan_.delay;
      job.payload = blank_;  // the one before is gone with its memory
      write_stamp(job.payload.data(), stamp);
      stamps_[sent_ + i] = stamp.intended_ns;
    }
  }

  // False if nothing of it was taken; what is left of it goes next time.
  bool submit(std::chrono::milliseconds patience) {
    std::size_t taken = 0;
    if (plan_.pack == 1) {
      taken = client_.submit(std::move(jobs_[0]), patience) ? 1 : 0;
    } else {
      taken = client_.submit_many(jobs_, patience).count;
    }
    sent_ += taken;
    if (sent_ == share_) {
      me_.done_then = board_.done();
      me_.sent_ns = now_ns();
    }
    me_.sent.store(sent_, std::memory_order_release);
    return taken > 0;
  }

  void take_events(std::chrono::milliseconds patience) {
    std::size_t count = client_.next_many(events_, patience);
    if (count == 0) return;
    const std::uint64_t now = now_ns();
    for (; count > 0; count = client_.next_many(events_, std::chrono::milliseconds{0})) {
      for (const ClientEvent& event : std::span(events_).first(count)) take(event, now);
    }
    me_.last_ns.store(now, std::memory_order_relaxed);
    me_.confirmed.store(confirmed_, std::memory_order_release);
  }

  void take(const ClientEvent& event, std::uint64_t now) {
    if (const auto* confirmed = std::get_if<Confirmed>(&event)) {
      board_.confirm.add(now - std::min(now, stamps_[confirmed->ticket - 1]));
      ++confirmed_;
    } else if (const auto* refused = std::get_if<RefusedJob>(&event)) {
      ++confirmed_;
      me_.refused.fetch_add(1);
      board_.complain(refused->text.c_str());
    }
  }

  Board& board_;
  Player& me_;
  const Plan& plan_;
  const std::uint64_t first_;
  const std::uint64_t share_;
  Client client_;
  std::vector<std::uint64_t> stamps_;  // by ticket - 1
  const std::string blank_;            // a payload without its stamp
  std::vector<Job> jobs_;
  std::vector<ClientEvent> events_;
  std::uint64_t sent_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t allowed_ = 0;  // jobs that may go before the next look
  const double tick_ns_;
  const double phase_ns_;
};

}  // namespace

void play_producer(Board& board, const Plan& plan, unsigned index, const std::string& endpoint) {
  Producer(board, plan, index, endpoint).run();
}

}  // namespace zcrew::tool::bench
