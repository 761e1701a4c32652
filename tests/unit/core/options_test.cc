// What a job may ask for (P-4.6): each option at its bound, and one beyond.
#include <doctest/doctest.h>

#include "bench.h"

namespace zcrew::core {
namespace {

class Desk {
 public:
  Desk() : bench_(Config{}) {
    bench_.commit();
    bench_.greet(client_);
  }

  // What a batch of one such job is refused with.
  wire::ErrorCode answer(const wire::JobOptions& options, std::uint32_t index = 0) {
    wire::Submit submit;
    submit.batch = batch_;
    submit.floor = 1;
    wire::SubmitGroup group;
    group.options = options;
    group.items.push_back({index, "a", ""});
    submit.groups.push_back(std::move(group));
    for (const Send& send : bench_.step(FromClient{client_, std::move(submit)}).sends) {
      if (const auto* refused = std::get_if<wire::Refused>(&send.message)) return refused->code;
    }
    ++batch_;
    return wire::ErrorCode::none;
  }

 private:
  const Peer client_{1};
  Bench bench_;
  std::uint64_t batch_ = 1;
};

}  // namespace

TEST_CASE("an option at its bound is taken, one beyond it is refused (P-4.6)") {
  Desk desk;
  wire::JobOptions options = usual_options();
  const auto check = [&](auto& option, auto most) {
    option = most;
    CHECK(desk.answer(options) == wire::ErrorCode::none);
    ++option;
    CHECK(desk.answer(options) == wire::ErrorCode::bad_option);
    options = usual_options();
  };
  check(options.priority, Priority{priority_count - 1});
  check(options.attempts, limits::attempts_max);
  check(options.delay_ms, limits::delay_ms_max);
  check(options.expires_ms, limits::delay_ms_max);
  check(options.time_limit_ms, limits::delay_ms_max);
}

TEST_CASE("a way to want results that this router does not know is refused (P-4.6)") {
  Desk desk;
  wire::JobOptions options = usual_options();
  options.result = wire::ResultMode::caller;
  CHECK(desk.answer(options) == wire::ErrorCode::none);
  options.result = wire::ResultMode::keep;
  CHECK(desk.answer(options) == wire::ErrorCode::option_unsupported);
  options.result = static_cast<wire::ResultMode>(255);  // what a decoder makes of a newer one
  CHECK(desk.answer(options) == wire::ErrorCode::bad_option);
}

TEST_CASE("a batch's indexes stay below the number of jobs that a message may have (P-4.4)") {
  Desk desk;
  CHECK(desk.answer(usual_options(), limits::entries_per_message_max - 1) == wire::ErrorCode::none);
  CHECK(desk.answer(usual_options(), limits::entries_per_message_max) ==
        wire::ErrorCode::bad_batch);
}

}  // namespace zcrew::core
