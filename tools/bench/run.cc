#include "bench/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "admin.h"
#include "bench/child.h"
#include "bench/players.h"
#include "bench/service.h"
#include "bench/stamp.h"

namespace zcrew::tool::bench {

namespace {

constexpr std::uint64_t look_every_ns = 10000000;
constexpr std::uint64_t note_every_ns = 200000000;
constexpr std::uint64_t farewell_ns = 15000000000U;
constexpr int exit_interrupted = 130;

// Idle workers of one process; each takes two descriptors.
constexpr unsigned crowd_max = 4000;

// A directory that goes with everything in it.
class Scratch {
 public:
  explicit Scratch(const std::string& below) : path_(below + "/zcrew-bench-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) {
      throw Error(fmt::format("cannot make a directory below {}", below), exit_code::io_error);
    }
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The router's counts since it started.
struct JournalCounts {
  std::uint64_t jobs = 0;
  std::uint64_t commits = 0;
  std::uint64_t bytes = 0;
};

class Session {
 public:
  Session(const Plan& plan, const Watch& watch)
      : plan_(plan),
        watch_(watch),
        scratch_(plan.directory),
        board_memory_(sizeof(Board)),
        run_memory_(plan.all_jobs() * sizeof(Run)),
        board_(*board_memory_.as<Board>()),
        runs_(run_memory_.as<Run>()) {
    board_.producer_count = plan.producers;
    board_.worker_count = plan.workers;
  }

  Result run() {
    if (plan_.own_router()) start_router();
    start_players();
    const JournalCounts before = ask_router();
    rest_ = memory();
    const std::uint64_t cpu = router_ ? cpu_ns(router_->pid()) : 0;
    go();
    if (router_) {
      const auto used = static_cast<double>(cpu_ns(router_->pid()) - cpu);
      result_.router_cpu_s_per_million = used / 1000 / static_cast<double>(plan_.all_jobs());
      result_.memory = most_;
      result_.memory_at_rest = rest_;
    }
    count(before, ask_router());
    board_.stage = Stage::over;
    for (Child& child : players_) child.join(farewell_ns);
    if (router_) end_router();
    return result_;
  }

  [[nodiscard]] const std::string& scratch() const { return scratch_.path(); }

 private:
  // ---- processes ----

  void start_router() {
    const std::string journal = scratch_.path() + "/journal";
    router_ = std::make_unique<Child>(board_, [&] { play_router(board_, journal); });
    wait([&] { return board_.router_here.load(); }, "the router starts");
  }

  void start_players() {
    const std::string clients = router_ ? board_.frontend.data() : plan_.clients;
    const std::string backend = router_ ? board_.backend.data() : plan_.backend;
    clients_ = clients;
    for (unsigned i = 0; i < plan_.workers; ++i) {
      players_.emplace_back(board_,
                            [this, i, backend] { play_worker(board_, plan_, i, backend, runs_); });
    }
    start_crowd(backend);
    if (plan_.backlog == 0) await_workers();
    for (unsigned i = 0; i < plan_.producers; ++i) {
      players_.emplace_back(board_,
                            [this, i, clients] { play_producer(board_, plan_, i, clients); });
    }
    wait([&] { return all_here(board_.producer, plan_.producers); }, "producers connect");
  }

  void start_crowd(const std::string& backend) {
    for (unsigned first = 0; first < plan_.idle_workers; first += crowd_max) {
      const unsigned count = std::min(crowd_max, plan_.idle_workers - first);
      players_.emplace_back(
          board_, [this, first, count, backend] { play_crowd(board_, first, count, backend); });
    }
    wait([&] { return board_.idle_here >= plan_.idle_workers; }, "idle workers connect");
  }

  void await_workers() {
    wait([&] { return all_here(board_.worker, plan_.workers); }, "workers connect");
  }

  static bool all_here(const std::array<Player, players_max>& players, unsigned count) {
    return std::all_of(players.begin(), players.begin() + count,
                       [](const Player& player) { return player.here.load(); });
  }

  void end_router() {
    board_.stage = Stage::closed;
    router_->join(farewell_ns);
  }

  // ---- looking after them ----

  // Until the condition holds. Ends with an error if somebody fails, or nothing moves for long.
  template <typename Condition>
  void wait(Condition condition, const char* what) {
    std::uint64_t moved_at = now_ns();
    std::uint64_t seen = progress();
    while (!condition()) {
      sleep_until(now_ns() + look_every_ns);
      note_memory();
      if (!watch_(share(), text(what))) throw Error("interrupted", exit_interrupted);
      check_players();
      if (progress() != seen) {
        seen = progress();
        moved_at = now_ns();
      } else if (now_ns() - moved_at >
                 static_cast<std::uint64_t>(plan_.patience.count()) * 1000000U) {
        stuck_ = true;
        if (board_.stage == Stage::gather) {
          throw Error(fmt::format("nothing moves while {}; is there a router?", what),
                      exit_code::unreachable);
        }
        return;
      }
    }
  }

  void check_players() {
    if (board_.failed) throw Error(board_.complaint.data(), exit_code::io_error);
    const bool gone =
        (router_ && router_->ended()) ||
        std::any_of(players_.begin(), players_.end(), [](Child& child) { return child.ended(); });
    if (gone && board_.failed) throw Error(board_.complaint.data(), exit_code::io_error);
    if (gone) throw Error("a process of the benchmark died", exit_code::io_error);
  }

  [[nodiscard]] std::uint64_t progress() const {
    return board_.sent() + board_.confirmed() + board_.done() + board_.idle_here;
  }
  [[nodiscard]] double share() const {
    const std::uint64_t so_far = plan_.workers > 0 ? board_.done() : board_.confirmed();
    return static_cast<double>(so_far) / static_cast<double>(plan_.all_jobs());
  }
  [[nodiscard]] std::string text(const char* what) const {
    return fmt::format("{}: sent {}, confirmed {}, done {}", what, board_.sent(),
                       board_.confirmed(), board_.done());
  }

  [[nodiscard]] Memory memory() const { return router_ ? memory_of(router_->pid()) : Memory{}; }
  // Not at each look, which would take time from what is measured.
  void note_memory(bool last = false) {
    if (!last && now_ns() < next_note_ns_) return;
    next_note_ns_ = now_ns() + note_every_ns;
    const Memory now = memory();
    most_.anonymous_bytes = std::max(most_.anonymous_bytes, now.anonymous_bytes);
    most_.file_bytes = std::max(most_.file_bytes, now.file_bytes);
  }

  // ---- the run itself ----

  void go() {
    board_.go_ns = now_ns();
    board_.stage = Stage::fill;
    if (plan_.backlog > 0) {
      wait([&] { return board_.confirmed() >= plan_.backlog; }, "the backlog gathers");
      result_.fill_per_s =
          rate(board_.confirmed(), begin_ns(board_.producers()), end_ns(board_.producers()));
    }
    const std::uint64_t confirmed = board_.confirmed();
    std::uint64_t from = plan_.backlog > 0 ? now_ns() : begin_ns(board_.producers());
    if (plan_.backlog > 0 && plan_.workers > 0) {
      board_.stage = Stage::work;
      wait([&] { return board_.done() > 0; }, "workers connect");
      from = begin_ns(board_.workers());
      wait([&] { return board_.sent() >= plan_.all_jobs(); }, "running");
      const Player& last = last_to_send();
      const std::uint64_t full = std::max<std::uint64_t>(last.sent_ns, from);
      const std::uint64_t done = last.done_then;
      wait([&] { return board_.done() >= plan_.all_jobs(); }, "the backlog goes");
      const std::uint64_t end = end_ns(board_.workers());
      result_.drain_per_s = rate(board_.done() - done, full, end);
      if (full > from) {
        finish_rate(done, from, full);
      } else {  // nothing was sent while they worked
        finish_rate(board_.done() - done, full, end);
      }
    } else if (plan_.workers > 0) {
      wait([&] { return board_.done() >= plan_.all_jobs(); }, "running");
      finish_rate(board_.done(), from, end_ns(board_.workers()));
    } else {
      wait([&] { return board_.confirmed() >= plan_.all_jobs(); }, "running");
      finish_rate(board_.confirmed() - confirmed, from, end_ns(board_.producers()));
    }
    wait([&] { return board_.confirmed() >= plan_.all_jobs(); }, "the last confirms come");
    note_memory(true);
  }

  static double rate(std::uint64_t jobs, std::uint64_t from, std::uint64_t until) {
    return static_cast<double>(jobs) * 1e9 / static_cast<double>(std::max(until, from + 1) - from);
  }
  void finish_rate(std::uint64_t jobs, std::uint64_t from, std::uint64_t until) {
    result_.jobs = jobs;
    result_.seconds = static_cast<double>(std::max(until, from) - from) / 1e9;
    result_.jobs_per_s = rate(jobs, from, until);
  }
  static std::uint64_t begin_ns(std::span<const Player> players) {
    std::uint64_t begin = now_ns();
    for (const Player& player : players) {
      const std::uint64_t own = player.begin_ns;
      if (own != 0) begin = std::min(begin, own);
    }
    return begin;
  }
  [[nodiscard]] const Player& last_to_send() const {
    const auto producers = board_.producers();
    return *std::max_element(
        producers.begin(), producers.end(),
        [](const Player& a, const Player& b) { return a.sent_ns.load() < b.sent_ns.load(); });
  }
  static std::uint64_t end_ns(std::span<const Player> players) {
    std::uint64_t end = 0;
    for (const Player& player : players) end = std::max<std::uint64_t>(end, player.last_ns);
    return end;
  }

  // ---- sums ----

  JournalCounts ask_router() {
    // Made and gone between forks, because it has threads.
    Admin admin({clients_, plan_.patience});
    if (!plan_.policy.empty()) {
      for (unsigned queue = 0; queue < plan_.queues; ++queue) {
        admin.ask("set_policy", {{"queue", plan_.queue(queue)}, {"policy", plan_.policy}});
      }
    }
    const Json status = admin.ask("status", Json::object());
    const Json& journal = status.at("journal");
    return {journal.value("jobs_written", std::uint64_t{0}),
            journal.value("commits", std::uint64_t{0}),
            journal.value("file_bytes", std::uint64_t{0})};
  }

  void count(const JournalCounts& before, const JournalCounts& after) {
    const std::uint64_t all = plan_.all_jobs();
    result_.confirm_us = times_of(board_.confirm);
    result_.end_to_end_us = times_of(board_.end_to_end);
    result_.journal_bytes = after.bytes;
    result_.commits = after.commits - before.commits;
    result_.written = after.jobs - before.jobs;
    result_.journaled_fraction = static_cast<double>(result_.written) / static_cast<double>(all);
    result_.ideal_seconds = ideal_seconds(plan_);
    for (unsigned i = 0; i < plan_.workers; ++i) result_.done_by.push_back(board_.worker[i].done);
    result_.lost = all - std::min(all, board_.confirmed());
    if (plan_.workers == 0) return;
    std::uint64_t never = 0;
    for (std::uint64_t job = 0; job < all; ++job) {
      const unsigned times = runs_[job].times;
      if (times == 0) ++never;
      if (times > 1) result_.doubled += times - 1U;
    }
    result_.lost = std::max(result_.lost, never);
    if (!plan_.owners.empty()) write_owners();
  }

  void write_owners() const {
    std::ofstream out(plan_.owners);
    for (std::uint64_t job = 0; job < plan_.all_jobs(); ++job) {
      out << static_cast<unsigned>(runs_[job].worker) << '\n';
    }
    out.flush();
    if (!out) throw Error("cannot write " + plan_.owners, exit_code::io_error);
  }

  const Plan& plan_;
  const Watch& watch_;
  const Scratch scratch_;
  Shared board_memory_;
  Shared run_memory_;
  Board& board_;
  Run* runs_;
  std::unique_ptr<Child> router_;
  std::vector<Child> players_;
  std::string clients_;
  Memory rest_;
  Memory most_;
  std::uint64_t next_note_ns_ = 0;
  bool stuck_ = false;
  Result result_;
};

void measure_pass_through(const Plan& plan, Limits& limits) {
  Shared memory(sizeof(Board));
  Board& board = *memory.as<Board>();
  board.producer_count = plan.producers;
  board.worker_count = plan.workers;
  limits.pass_through = pass_through(board, plan);
  limits.pass_through_us = times_of(board.end_to_end);
}

// Commits of as many jobs as the router's had.
void measure_lmdb(const Plan& plan, const Result& result, Limits& limits) {
  const Scratch scratch(plan.directory);
  Shared memory(2 * sizeof(Histogram));
  Histogram* times = memory.as<Histogram>();
  const std::uint64_t records = result.written / std::max<std::uint64_t>(result.commits, 1);
  limits.lmdb =
      lmdb_alone(plan, scratch.path(), std::max<std::uint64_t>(records, 1), times[0], times[1]);
  limits.commit_us = times_of(times[0]);
  limits.sync_us = times_of(times[1]);
}

}  // namespace

Result run(const Plan& plan, const Watch& watch) {
  Limits limits;
  const bool any = plan.limits && plan.workers > 0;
  if (any) measure_pass_through(plan, limits);
  Result result = Session(plan, watch).run();
  if (!plan.limits) return result;
  measure_lmdb(plan, result, limits);
  result.limits = limits;
  return result;
}

}  // namespace zcrew::tool::bench
