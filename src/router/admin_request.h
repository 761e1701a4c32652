// What a person or program asks of a running router: a verb and a JSON object, checked and turned
// into a value. Pure, total: any bytes give a request or an error to show.
//
//   status  queues  workers  version          {}
//   dead_list     {queue?, after?, limit?}    limit 1 … 1000, 100 by default
//   dead_show     {id}
//   dead_redrive  {ids: […]}      dead_remove {ids: […]}
//   set_weight    {worker, weight}
//   set_policy    {queue, policy}
//   set_queue     {queue, any of weight, max_ready, max_held, attempts, crash_limit, backoff_ms,
//                  backoff_max_ms, paused, policy}
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "base/result.h"
#include "core/event.h"
#include "wire/errors.h"

namespace zcrew::router {

// Bytes of a request's JSON; more is refused before it is parsed.
inline constexpr std::size_t arguments_bytes_max = std::size_t{64} << 10U;

struct AskStatus {};
struct AskQueues {};
struct AskWorkers {};
struct AskVersion {};
struct ListDead {
  std::string queue;  // empty: all
  JobId after;
  std::uint32_t limit = 100;
};
struct ShowDead {
  JobId id;
};
// What is not given stays as it is.
struct ChangeQueue {
  std::string queue;
  std::optional<core::Policy> policy;
  std::optional<std::uint32_t> weight;
  std::optional<std::uint64_t> max_ready;
  std::optional<std::uint32_t> max_held;
  std::optional<std::uint32_t> attempts;
  std::optional<std::uint32_t> crash_limit;
  std::optional<std::uint32_t> backoff_ms;
  std::optional<std::uint32_t> backoff_max_ms;
  std::optional<bool> paused;
};

using AdminRequest =
    std::variant<AskStatus, AskQueues, AskWorkers, AskVersion, ListDead, ShowDead, ChangeQueue,
                 core::SetWeight, core::SetPolicy, core::RedriveDead, core::RemoveDead>;

struct AdminError {
  wire::ErrorCode code = wire::ErrorCode::bad_arguments;
  std::string text;  // names the verb, what is wrong, and what would be right
};

Result<AdminRequest, AdminError> parse_admin(std::string_view verb, std::string_view arguments);

// `settings` with what the request changes.
core::QueueSettings changed(core::QueueSettings settings, const ChangeQueue& change);

}  // namespace zcrew::router
