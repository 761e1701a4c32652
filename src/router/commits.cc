#include "router/commits.h"

#include <utility>

namespace zcrew::router {
namespace {

constexpr Duration counters_interval = std::chrono::seconds{1};

}  // namespace

Commits::Commits(journal::Journal& journal, std::function<void()> wake)
    : thread_(journal, std::move(wake)) {}

void Commits::add(std::vector<core::Record>& records, core::Router& core) {
  if (records.empty()) return;
  pending_.add(records);
  if (pending_.full()) pending_.close(core.take_totals());
}

Commits::News Commits::collect(Instant now) {
  News news;
  auto report = thread_.poll();
  if (!report) return news;
  news.failure = std::move(report->failure);
  if (news.failure) return news;
  if (report->durable) {
    written_ = *report->durable;
    in_flight_bytes_ = 0;
    last_commit_ = now;
    if (written_ > durable_) news.durable = core::Durable{durable_ = written_};
    pending_.recycle(std::move(report->spent));
  }
  // The room was reckoned without what waits, here or over there.
  const std::uint64_t waiting = pending_.bytes() + in_flight_bytes_;
  const std::uint64_t room = report->admissible_bytes;
  news.space = core::Space{room > waiting ? room - waiting : 0};
  return news;
}

std::optional<core::Durable> Commits::hand_over(core::Router& core, Instant now) {
  if (!thread_.idle()) return std::nullopt;
  if (pending_.has_closed()) {
    begin(pending_.take_closed());
  } else if (!pending_.empty()) {
    begin(pending_.take(core.take_totals()));
  } else if (written_ < pending_.last() && now - last_commit_ >= counters_interval) {
    return hand_over_last(core);
  } else {
    return nothing_to_write();
  }
  return std::nullopt;
}

std::optional<core::Durable> Commits::hand_over_last(core::Router& core) {
  if (!thread_.idle()) return std::nullopt;
  if (!pending_.empty()) return hand_over(core, last_commit_);
  if (written_ == pending_.last()) return std::nullopt;
  journal::Batch counters_only;
  counters_only.last = pending_.last();
  counters_only.totals = core.take_totals();
  begin(std::move(counters_only));
  return nothing_to_write();
}

bool Commits::all_written() const {
  return thread_.idle() && pending_.empty() && written_ == pending_.last();
}

void Commits::begin(journal::Batch batch) {
  in_flight_bytes_ = batch.bytes;
  ++commits_begun_;
  thread_.hand_over(std::move(batch));
}

std::optional<core::Durable> Commits::nothing_to_write() {
  if (durable_ == pending_.last()) return std::nullopt;
  durable_ = pending_.last();
  return core::Durable{durable_};
}

}  // namespace zcrew::router
