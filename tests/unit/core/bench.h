// A core with a journal that has everything on disk as soon as it is asked to: for what needs more
// events than a transcript can show.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/router.h"
#include "wire/runs.h"

namespace zcrew::core {

inline wire::JobOptions usual_options() {
  wire::JobOptions options;
  options.queue = "default";
  return options;
}

class Bench {
 public:
  explicit Bench(const Config& config) : core_(config, Recovered{}, now_) { step(Tick{}); }

  // Effects of the last step; they are gone with the next.
  const Effects& step(const Event& event) {
    effects_.clear();
    core_.step(event, now_, effects_);
    for (const Record& record : effects_.records) recorded_ += count_of(record);
    return effects_;
  }
  const Effects& commit() { return step(Durable{recorded_}); }
  // A commit is under way: what is recorded so far cannot be cancelled any more.
  void take() { core_.records_taken(recorded_); }

  const Effects& pass(Duration time) {
    now_.mono += time;
    now_.wall += std::chrono::duration_cast<Milliseconds>(time);
    return step(Tick{});
  }
  void move_calendar(Duration ahead) {
    now_.wall += std::chrono::duration_cast<Milliseconds>(ahead);
  }
  [[nodiscard]] bool wants_a_turn() const { return core_.next_deadline() <= now_.mono; }
  [[nodiscard]] Instant now() const { return now_.mono; }

  void join(Peer peer, std::string name, std::uint32_t weight, std::uint32_t concurrency) {
    wire::WorkerHello hello;
    hello.instance.bytes[0] = static_cast<std::uint8_t>(weight);
    hello.name = name;
    hello.weight = weight;
    hello.concurrency = concurrency;
    hello.queues = {"default"};
    step(FromWorker{peer, hello});
    commit();
  }

  void greet(Peer peer) {
    wire::ClientHello hello;
    hello.floor = 1;
    step(FromClient{peer, hello});
    commit();
  }

  // One batch of `jobs` empty jobs.
  const Effects& submit(Peer peer, std::uint64_t batch, std::uint64_t floor, std::uint32_t jobs) {
    wire::Submit submit;
    submit.batch = batch;
    submit.floor = floor;
    wire::SubmitGroup group;
    group.options.queue = "default";
    for (std::uint32_t index = 0; index < jobs; ++index) group.items.push_back({index, "", ""});
    submit.groups.push_back(std::move(group));
    return step(FromClient{peer, std::move(submit)});
  }

  [[nodiscard]] Report report() const { return core_.report(); }
  void check() const { core_.check_invariants(); }

 private:
  Now now_{Instant{std::chrono::hours{1}}, WallTime{Milliseconds{1700000000000}}};
  Router core_;
  Effects effects_;
  JournalSequence recorded_ = 0;
};

}  // namespace zcrew::core
