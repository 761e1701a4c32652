#include "client/job_options.h"

#include <algorithm>

#include "base/ids.h"
#include "base/limits.h"
#include "core/names.h"

namespace zcrew::client {
namespace {

using std::chrono::milliseconds;

bool is_span(milliseconds span) {
  return span.count() >= 0 && static_cast<std::uint64_t>(span.count()) <= limits::delay_ms_max;
}

std::optional<OptionsFault> judge(const Job& job) {
  if (!core::is_queue_name(job.queue)) {
    return OptionsFault{wire::ErrorCode::bad_queue_name,
                        "'" + job.queue.substr(0, limits::name_bytes_max) +
                            "' is not a queue's name: use 1 to 128 letters, digits, '.', '_', '-'"};
  }
  const auto bad = [](std::string text) {
    return OptionsFault{wire::ErrorCode::bad_option, std::move(text)};
  };
  if (job.priority >= priority_count) {
    return bad("priority " + std::to_string(job.priority) +
               " does not exist: use 0 (most urgent) to 9");
  }
  if (job.attempts > limits::attempts_max) {
    return bad(std::to_string(job.attempts) + " attempts are too many: use at most 1000");
  }
  for (const milliseconds span : {job.delay, job.backoff, job.time_limit, job.expires}) {
    if (!is_span(span)) {
      return bad("a time of " + std::to_string(span.count()) +
                 " ms is out of range: use 0 to 366 days");
    }
  }
  return std::nullopt;
}

std::uint64_t ms(milliseconds span) { return static_cast<std::uint64_t>(span.count()); }

Job without_payload(const Job& job) {
  return {"",          job.queue,      job.priority, job.delay,       job.attempts,
          job.backoff, job.time_limit, job.expires,  job.wants_result};
}

}  // namespace

JobOptions::JobOptions(const Job& job) : options_(without_payload(job)), fault_(judge(job)) {}

bool JobOptions::fits(const Job& job) const {
  return options_.priority == job.priority && options_.wants_result == job.wants_result &&
         options_.attempts == job.attempts && options_.delay == job.delay &&
         options_.backoff == job.backoff && options_.time_limit == job.time_limit &&
         options_.expires == job.expires && options_.queue == job.queue;
}

wire::JobOptions JobOptions::to_wire() const {
  wire::JobOptions to;
  to.queue = options_.queue;
  to.priority = static_cast<Priority>(options_.priority);
  to.delay_ms = ms(options_.delay);
  to.attempts = options_.attempts;
  // 366 days do not fit 32 bits of milliseconds; the queue's own limit of minutes binds first.
  to.backoff_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(ms(options_.backoff), ~0U));
  to.time_limit_ms = ms(options_.time_limit);
  to.expires_ms = ms(options_.expires);
  to.result = options_.wants_result ? wire::ResultMode::caller : wire::ResultMode::none;
  return to;
}

}  // namespace zcrew::client
