#include "worker/outcome_messages.h"

#include <string_view>

#include "base/limits.h"
#include "wire/runs.h"

namespace zcrew::worker {
namespace {

// A message above this is announced, so that the router waits for it.
constexpr std::uint64_t announced_bytes = std::uint64_t{1} << 20U;

}  // namespace

void OutcomeMessages::add(const wire::OutcomeItem& outcome, std::vector<std::string>& frames) {
  if (extends_run(outcome)) {
    ++run_->count;
    run_us_sum_ += outcome.run_us;
    return;
  }
  close_run(frames);
  if (!wire::may_be_run(outcome)) return pack(outcome, frames);
  run_ = outcome;
  run_us_sum_ = outcome.run_us;
}

// Those that were received together were held for as long.
bool OutcomeMessages::extends_run(const wire::OutcomeItem& outcome) const {
  return run_ && run_->count < limits::entries_per_message_max &&
         wire::is_behind(run_->token, run_->count, outcome.token) &&
         run_->held_us == outcome.held_us && wire::may_be_run(outcome);
}

void OutcomeMessages::close_run(std::vector<std::string>& frames) {
  if (!run_) return;
  run_->run_us = (run_us_sum_ + run_->count / 2) / run_->count;
  pack(*run_, frames);
  run_.reset();
}

void OutcomeMessages::pack(const wire::OutcomeItem& entry, std::vector<std::string>& frames) {
  const bool fits = packer_.has_room_for(entry) &&
                    packer_.size() + entry.bytes.size() <= limits::message_bytes_target;
  if (!fits) close_message(frames);
  packer_.add(entry);
}

void OutcomeMessages::close_message(std::vector<std::string>& frames) {
  if (packer_.empty()) return;
  const std::string_view frame = packer_.finish();
  if (frame.size() > announced_bytes) {
    wire::encode(wire::Heartbeat{frame.size()}, frames.emplace_back());
  }
  frames.emplace_back(frame);
  packer_.clear();
}

void OutcomeMessages::finish(std::vector<std::string>& frames) {
  close_run(frames);
  close_message(frames);
}

}  // namespace zcrew::worker
