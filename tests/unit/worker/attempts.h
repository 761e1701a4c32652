// What an OUTCOME says, one item for each attempt.
#pragma once

#include <vector>

#include "wire/messages.h"
#include "wire/runs.h"

namespace zcrew::worker {

inline std::vector<wire::OutcomeItem> attempts_of(const wire::OutcomeMessage& message) {
  std::vector<wire::OutcomeItem> attempts;
  for (const wire::OutcomeItem& run : message.entries) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      wire::OutcomeItem& one = attempts.emplace_back(run);
      one.token = wire::behind(run.token, i);
      one.count = 1;
    }
  }
  return attempts;
}

}  // namespace zcrew::worker
