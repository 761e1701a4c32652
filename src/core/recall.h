// Takes jobs back that were sent ahead to a worker and have not begun there, when a place of
// another worker is free that could run them (design D9). So a worker of quick jobs may be sent
// thousands of them, and none waits behind one that turns out long. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/context.h"
#include "core/dispatcher.h"
#include "core/job_book.h"

namespace zcrew::core {

class Recall {
 public:
  Recall(Context& context, JobBook& book, Dispatcher& dispatcher)
      : context_(context), book_(book), dispatcher_(dispatcher) {}

  // Once the sockets are drained, so that nobody looks quiet who was not heard. `ask` sends.
  void tick(const std::function<void(Worker&, std::vector<Token>)>& ask);
  // When the next tick() may find something; attended time.
  [[nodiscard]] Instant deadline() const;

 private:
  [[nodiscard]] bool is_wanted() const;
  [[nodiscard]] bool is_awaited(const Worker& worker) const;
  [[nodiscard]] std::uint32_t excess(Worker& worker);
  [[nodiscard]] std::vector<Token> take(Worker& worker, std::uint32_t excess);
  [[nodiscard]] static std::uint64_t takers(const Queue& queue);

  Context& context_;
  JobBook& book_;
  Dispatcher& dispatcher_;
  Instant next_look_{};
  std::size_t turn_ = 0;  // whose it is among those that are ahead
};

}  // namespace zcrew::core
