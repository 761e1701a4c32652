#include "wire/errors.h"

namespace zcrew::wire {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::none:
      return "none";
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::unknown_message:
      return "unknown_message";
    case ErrorCode::version_unsupported:
      return "version_unsupported";
    case ErrorCode::wrong_socket:
      return "wrong_socket";
    case ErrorCode::hello_first:
      return "hello_first";
    case ErrorCode::session_unknown:
      return "session_unknown";
    case ErrorCode::out_of_order:
      return "out_of_order";
    case ErrorCode::window_exceeded:
      return "window_exceeded";
    case ErrorCode::queue_full:
      return "queue_full";
    case ErrorCode::journal_full:
      return "journal_full";
    case ErrorCode::payload_too_large:
      return "payload_too_large";
    case ErrorCode::bad_queue_name:
      return "bad_queue_name";
    case ErrorCode::bad_option:
      return "bad_option";
    case ErrorCode::option_unsupported:
      return "option_unsupported";
    case ErrorCode::shutting_down:
      return "shutting_down";
    case ErrorCode::bad_batch:
      return "bad_batch";
    case ErrorCode::too_many_queues:
      return "too_many_queues";
    case ErrorCode::stale_token:
      return "stale_token";
    case ErrorCode::superseded:
      return "superseded";
    case ErrorCode::declared_dead:
      return "declared_dead";
    case ErrorCode::bad_worker_option:
      return "bad_worker_option";
    case ErrorCode::unknown_job:
      return "unknown_job";
    case ErrorCode::unknown_verb:
      return "unknown_verb";
    case ErrorCode::bad_arguments:
      return "bad_arguments";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace zcrew::wire
