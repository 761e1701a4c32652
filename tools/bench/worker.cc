#include "zcrew/worker.h"

#include <sys/prctl.h>

#include <thread>

#include "bench/players.h"
#include "bench/service.h"
#include "bench/stamp.h"

namespace zcrew::tool::bench {

namespace {

WorkerOptions options_of(const Plan& plan, unsigned index, const std::string& endpoint) {
  WorkerOptions options;
  options.router = endpoint;
  options.name = "bench-worker-" + std::to_string(index);
  options.weight = plan.weight(index);
  options.concurrency = plan.concurrency;
  options.queues.clear();
  for (unsigned queue = 0; queue < plan.queues; ++queue)
    options.queues.push_back(plan.queue(queue));
  return options;
}

}  // namespace

void play_worker(Board& board, const Plan& plan, unsigned index, const std::string& endpoint,
                 Run* runs) {
  ::prctl(PR_SET_TIMERSLACK, 1);  // a job shall take its time and not 50 µs more
  Player& me = board.worker[index];
  const double speed = plan.speed(index);
  const Sample sample(plan);
  const auto handle = [&](const Attempt& attempt) {
    const Stamp stamp = read_stamp(attempt.payload);
    std::uint64_t now = 0;
    if (sample.has(stamp.number)) {
      now = now_ns();
      board.end_to_end.add(now - std::min(now, stamp.intended_ns));
    }
    if (stamp.number < plan.all_jobs()) {
      runs[stamp.number].worker.store(static_cast<std::uint8_t>(index), std::memory_order_relaxed);
      runs[stamp.number].times.fetch_add(1, std::memory_order_relaxed);
    }
    if (plan.service.count() > 0) {
      sleep_until(now + service_ns(plan, stamp.number, speed));
      now = now_ns();
    }
    me.done.fetch_add(1, std::memory_order_relaxed);
    if (now > 0) me.last_ns.store(now, std::memory_order_relaxed);
    return Answer{plan.reject ? JobOutcome::rejected : JobOutcome::done, {}, {}};
  };
  Worker worker(options_of(plan, index, endpoint), handle, [&](const WorkerEvent& event) {
    if (event.kind != WorkerEvent::Kind::connected || me.here) return;
    me.begin_ns = now_ns();
    me.here = true;
  });
  // A backlog gathers before anyone works.
  if (plan.backlog > 0) board.await(Stage::work);
  std::thread end([&] {
    board.await(Stage::over);
    worker.stop();
  });
  worker.run();
  end.join();
}

}  // namespace zcrew::tool::bench
