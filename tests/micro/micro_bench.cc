// What the parts of a job cost; run by hand: build/release/tests/micro/micro_bench
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "base/check.h"
#include "core/lane.h"
#include "job_loop.h"
#include "wire/decode.h"

namespace zcrew::micro {

namespace {

std::string submit_frame(const std::string& payload) {
  wire::Submit submit;
  submit.batch = 1;
  submit.groups.resize(1);
  submit.groups[0].options.queue = "micro";
  for (std::uint32_t i = 0; i < 64; ++i) submit.groups[0].items.push_back({i, payload, {}});
  std::string frame;
  wire::encode(submit, frame);
  return frame;
}

void decode(benchmark::State& state) {
  const std::string frame =
      submit_frame(std::string(static_cast<std::size_t>(state.range(0)), 'x'));
  const std::array<std::string_view, 1> frames{frame};
  for (auto _ : state) benchmark::DoNotOptimize(wire::decode_frontend(frames));
  state.SetItemsProcessed(64 * state.iterations());
}
BENCHMARK(decode)->Arg(100)->Arg(1024);

void encode(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  wire::Packer<wire::RunItem> packer;
  for (auto _ : state) {
    packer.clear();
    for (std::uint64_t i = 0; i < 64; ++i) packer.add({{{1, 5, i}, 1, 1}, 1, 0, payload});
    benchmark::DoNotOptimize(packer.finish());
  }
  state.SetItemsProcessed(64 * state.iterations());
}
BENCHMARK(encode)->Arg(100)->Arg(1024);

// A whole job: submitted, handed out among so many workers, answered, confirmed and settled.
void dispatch(benchmark::State& state) {
  Shape shape;
  shape.workers = static_cast<std::uint32_t>(state.range(0));
  shape.in_flight = 16384;
  JobLoop loop(shape);
  for (auto _ : state) loop.run(16384);
  state.SetItemsProcessed(16384 * state.iterations());
}
BENCHMARK(dispatch)->Arg(1)->Arg(10)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

// Jobs that come and go before a commit takes them, so many at a time.
void pending_batch(benchmark::State& state) {
  const auto open = static_cast<std::uint64_t>(state.range(0));
  const Payload payload = Payload::copy_of(std::string(100, 'x'));
  journal::PendingBatch pending;
  std::vector<core::Record> records;
  std::uint64_t number = 0;
  for (auto _ : state) {
    const std::uint64_t first = number + 1;
    for (std::uint64_t i = 0; i < open; ++i) {
      records.emplace_back(core::PutJob{{1, 5, ++number}, {}, {}, payload});
    }
    pending.add(records);
    for (std::uint64_t i = 0; i < open; ++i) {
      records.emplace_back(core::RemoveJob{{1, 5, first + i}, core::Place::ready, {}, first + i});
    }
    pending.add(records);
    number += open;
    ZCREW_CHECK(pending.empty());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(open) * state.iterations());
}
BENCHMARK(pending_batch)->Arg(64)->Arg(1024)->Arg(16384);

// A page of jobs enters the window of a lane and leaves it in order.
void window_refill(benchmark::State& state) {
  const auto count = static_cast<std::uint64_t>(state.range(0));
  std::vector<core::Job> jobs(count);
  Sequence begin = 0;
  for (auto _ : state) {
    core::Lane lane;
    lane.gap().open_behind(begin, 0);
    lane.gap().page_asked(1);
    for (core::Job& job : jobs) job.id = {1, 5, ++begin};
    lane.gap().page_arrived(
        jobs, true, 1, [](const core::Job& job) { return job.id.sequence; },
        [&](core::Job& job) { lane.page_in(job); });
    while (core::Job* job = lane.front()) lane.take(job->id.sequence);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count) * state.iterations());
}
BENCHMARK(window_refill)->Arg(32)->Arg(4096);

}  // namespace

}  // namespace zcrew::micro

BENCHMARK_MAIN();
