// Reads that must see everything recorded so far, so they wait until that is durable. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "core/context.h"

namespace zcrew::core {

class Deferred {
 public:
  explicit Deferred(Context& context) : context_(context) {}

  // A number to tell the answers apart; never 0.
  [[nodiscard]] std::uint64_t new_request() { return ++last_request_; }

  void read(Read what) {
    if (context_.durable >= context_.last_record) return context_.read(std::move(what));
    waiting_.emplace_back(context_.last_record, std::move(what));
  }

  [[nodiscard]] bool any() const { return !waiting_.empty(); }

  void on_durable() {
    while (!waiting_.empty() && waiting_.front().first <= context_.durable) {
      context_.read(std::move(waiting_.front().second));
      waiting_.pop_front();
    }
  }

 private:
  Context& context_;
  std::uint64_t last_request_ = 0;
  std::deque<std::pair<JournalSequence, Read>> waiting_;
};

}  // namespace zcrew::core
