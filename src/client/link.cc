#include "client/link.h"

#include <algorithm>

#include "base/check.h"

namespace zcrew::client {
namespace {

constexpr Duration backoff_first = Milliseconds{50};
constexpr Duration backoff_max = std::chrono::seconds{1};
constexpr std::uint32_t failures_until_max = 6;
// A user hears within a second that there is no router.
constexpr Duration notice_after = Milliseconds{900};
// Heartbeats and liveness are a peer's numbers: bounded, so that sums of times cannot overflow.
constexpr Duration heartbeat_max = std::chrono::hours{1};
constexpr std::uint32_t liveness_max = 1000;

}  // namespace

Link::Link(std::uint64_t seed, Instant now)
    : prng_(seed), open_at_(now), notice_at_(now + notice_after) {}

Link::Due Link::due(Instant now) {
  if (!notice_given_ && state_ != State::up && now >= notice_at_) {
    notice_given_ = true;
    return Due::notice;
  }
  if (state_ == State::waiting && now >= open_at_) return Due::open;
  if (!is_connected()) return Due::nothing;
  if (hello_due_) return Due::hello;
  if (now >= silent_at_) {
    // A beat long overdue says that we ourselves did not run (a debugger, SIGSTOP): the router had
    // nothing to answer, and gets its time now.
    const bool stalled = state_ == State::up && now - beat_at_ >= heartbeat_;
    if (!stalled) return Due::silent;
    heard(now);
  }
  if (state_ == State::up && now >= beat_at_) return Due::beat;
  return Due::nothing;
}

Instant Link::next_deadline() const {
  Instant next = Instant::max();
  if (!notice_given_ && state_ != State::up) next = notice_at_;
  if (state_ == State::waiting) next = std::min(next, open_at_);
  if (is_connected()) next = std::min(next, hello_due_ ? Instant::min() : silent_at_);
  if (state_ == State::up) next = std::min(next, beat_at_);
  return next;
}

void Link::opened() {
  ZCREW_CHECK(state_ == State::waiting);
  state_ = State::connecting;
}

void Link::connected(Instant now) {
  state_ = State::greeting;
  hello_due_ = true;
  silent_at_ = now + silence();
}

void Link::hello_sent(Instant now) {
  hello_due_ = false;
  heard(now);
}

void Link::welcomed(Instant now, Duration heartbeat, std::uint32_t liveness) {
  if (!up_since_) up_since_ = now;
  state_ = State::up;
  notice_given_ = true;
  heartbeat_ = std::clamp(heartbeat, Duration{Milliseconds{1}}, heartbeat_max);
  liveness_ = std::clamp(liveness, 1U, liveness_max);
  beat_at_ = now + heartbeat_;
  silent_at_ = now + silence();
}

void Link::greet_again() {
  ZCREW_CHECK(state_ == State::up);
  state_ = State::greeting;
  hello_due_ = true;
}

void Link::beat_sent(Instant now) { beat_at_ = now + heartbeat_; }

// Half of it is chance, so that the clients of a restarted router do not come all at once.
Duration Link::backoff() {
  const Duration full = std::min(backoff_max, backoff_first * (1U << failures_));
  const auto half = static_cast<std::uint64_t>(full.count() / 2);
  return full - Duration{static_cast<Duration::rep>(prng_.below(half))};
}

void Link::lost(Instant now) {
  // A router that answers and breaks off at once again and again is one that is away.
  const bool was_well = up_since_ && now - *up_since_ >= heartbeat_;
  failures_ = was_well ? 0 : std::min(failures_ + 1, failures_until_max);
  open_at_ = now + backoff();
  state_ = State::waiting;
  hello_due_ = false;
  up_since_.reset();
}

void Link::turned_away(Instant now) {
  failures_ = failures_until_max;
  up_since_.reset();
  lost(now);
}

void Link::heard(Instant now) { silent_at_ = std::max(silent_at_, now + silence()); }

void Link::expect_delay(Instant now, std::uint64_t bytes) {
  silent_at_ = std::max(silent_at_, now + silence() + travel_time(bytes));
}

Duration Link::travel_time(std::uint64_t bytes) {
  // A peer's number is not believed beyond what a frame may hold.
  constexpr std::uint64_t bytes_max = std::uint64_t{1} << 30U;
  return Duration{static_cast<Duration::rep>(std::min(bytes, bytes_max) * 1000000U >> 20U)};
}

}  // namespace zcrew::client
