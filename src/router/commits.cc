#include "router/commits.h"

#include <utility>

namespace zcrew::router {
namespace {

constexpr Duration counters_interval = std::chrono::seconds{1};

// The core takes off what it accepts; it hears of what was cancelled when it is so much.
constexpr std::uint64_t worth_telling_bytes = std::uint64_t{1} << 20U;

// To write so many takes no longer than to wake a thread twice. With 64 jobs in flight that nobody
// takes, a router that commits in the loop's thread confirms a tenth more of them than one that
// leaves it to the other; with 256 an eighth fewer (`zcrew bench --workers 0 --producers 4`).
constexpr std::size_t few_records = 64;
constexpr std::uint64_t few_bytes = std::uint64_t{64} << 10U;

}  // namespace

Commits::Commits(journal::Journal& journal, std::function<void()> wake)
    : thread_(journal, std::move(wake)) {}

void Commits::add(std::vector<core::Record>& records, core::Router& core) {
  if (records.empty()) return;
  pending_.add(records);
  if (!pending_.full()) return;
  core.records_taken(pending_.last());
  pending_.close(core.take_totals());
}

Commits::News Commits::collect(Instant now) {
  News news;
  auto report = thread_.poll();
  if (!report) {
    if (pending_.cancelled_bytes() - cancelled_before_ > worth_telling_bytes) news.space = space();
    return news;
  }
  news.failure = std::move(report->failure);
  if (news.failure) return news;
  if (report->durable) {
    written_ = *report->durable;
    in_flight_bytes_ = 0;
    last_commit_ = now;
    pace_.learn(now, in_flight_records_, now - begun_);
    if (written_ > durable_) news.durable = core::Durable{durable_ = written_};
    pending_.recycle(std::move(report->spent));
  }
  room_ = report->admissible_bytes;
  news.space = space();
  return news;
}

// The room was reckoned without what waits, here or over there.
core::Space Commits::space() {
  cancelled_before_ = pending_.cancelled_bytes();
  const std::uint64_t waiting = pending_.bytes() + in_flight_bytes_;
  return core::Space{room_ > waiting ? room_ - waiting : 0};
}

std::optional<core::Durable> Commits::hand_over(core::Router& core, Instant now) {
  due_ = Instant::max();
  pace_.observe(now, pending_.last(), core.load());
  if (!idle()) return std::nullopt;
  if (pending_.has_closed()) {
    begin(pending_.take_closed(), now);
  } else if (!pending_.empty()) {
    due_ = pace_.due(pending_);
    if (due_ <= now || hurried_) begin_open(core, now);
  } else if (written_ < pending_.last() && now - last_commit_ >= counters_interval) {
    return hand_over_last(core, now);
  } else {
    return nothing_to_write();
  }
  return std::nullopt;
}

std::optional<core::Durable> Commits::hand_over_last(core::Router& core, Instant now) {
  if (!idle()) return std::nullopt;
  if (pending_.has_closed()) {
    begin(pending_.take_closed(), now);
  } else if (!pending_.empty()) {
    begin_open(core, now);
  } else if (written_ < pending_.last()) {
    journal::Batch counters_only;
    counters_only.last = pending_.last();
    counters_only.totals = core.take_totals();
    begin(std::move(counters_only), now);
    return nothing_to_write();
  }
  return std::nullopt;
}

void Commits::begin_open(core::Router& core, Instant now) {
  due_ = Instant::max();
  hurried_ = false;
  core.records_taken(pending_.last());
  begin(pending_.take(core.take_totals()), now);
}

bool Commits::all_written() const {
  return idle() && pending_.empty() && written_ == pending_.last();
}

void Commits::begin(journal::Batch batch, Instant now) {
  in_flight_bytes_ = batch.bytes;
  in_flight_records_ = batch.size();
  begun_ = now;
  ++commits_begun_;
  due_batch_ = std::move(batch);
}

bool Commits::is_small() const {
  return in_flight_records_ <= few_records && in_flight_bytes_ <= few_bytes;
}

void Commits::leave_to_thread() {
  thread_.hand_over(std::move(*std::exchange(due_batch_, std::nullopt)));
}

journal::Batch Commits::take_due() {
  thread_.claim();
  return std::move(*std::exchange(due_batch_, std::nullopt));
}

std::optional<core::Durable> Commits::nothing_to_write() {
  if (durable_ == pending_.last()) return std::nullopt;
  durable_ = pending_.last();
  return core::Durable{durable_};
}

}  // namespace zcrew::router
