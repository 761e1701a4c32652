// Each array of the protocol, once: docs/protocol.md sections 4, 5, 8 and 10 as types. Pure.
#pragma once

#include "base/check.h"
#include "wire/fields.h"
#include "wire/runs.h"

namespace zcrew::wire {

inline constexpr std::uint32_t entries_max = limits::entries_per_message_max;
// Groups and jobs together; the core judges the number of jobs alone.
inline constexpr std::uint32_t submit_entries_max = 2 * limits::entries_per_message_max;
// What a worker may hold (concurrency and prefetch), twice, and its queues.
inline constexpr std::uint32_t hello_entries_max = 140000;

// ---- client to router (4.1, 4.2, 4.4, 4.5) ----

template <>
struct Layout<ClientHello> : Message<Type::client_hello, 0, 3, Version<&ClientHello::version>,
                                     Field<&ClientHello::session>, Positive<&ClientHello::floor>,
                                     Text<&ClientHello::name>> {};

template <>
struct Layout<JobOptions>
    : Fields<1, Text<&JobOptions::queue>, Option<&JobOptions::priority>,
             Option<&JobOptions::delay_ms>, Option<&JobOptions::attempts>,
             Option<&JobOptions::backoff_ms>, Option<&JobOptions::time_limit_ms>,
             Option<&JobOptions::expires_ms>, Option<&JobOptions::result>,
             Option<&JobOptions::at_most_once>> {};

template <>
struct Layout<SubmitItem>
    : Fields<2, Field<&SubmitItem::index>, Field<&SubmitItem::payload>, Field<&SubmitItem::key>> {
  // The payload alone, at the index behind the one before.
  using Bare = BareForm<Part<&SubmitItem::payload>>;
  static bool is_bare(const SubmitItem& item, const SubmitItem* before) {
    return item.key.empty() && item.index == blank(before).index;
  }
  static SubmitItem blank(const SubmitItem* before) {
    return {before == nullptr ? 0 : before->index + 1, {}, {}};
  }
};

template <>
struct Layout<SubmitGroup> : Fields<2, Field<&SubmitGroup::options>, Field<&SubmitGroup::items>> {};

template <>
struct Layout<Submit> : Message<Type::submit, submit_entries_max, 3, Positive<&Submit::batch>,
                                Positive<&Submit::floor>, Field<&Submit::groups>> {};

template <>
struct Layout<Ask> : Message<Type::ask, entries_max, 1, Field<&Ask::jobs>> {};

template <>
struct Layout<Acknowledge> : Message<Type::acknowledge, entries_max, 1, Field<&Acknowledge::jobs>> {
};

template <>
struct Layout<Admin> : Message<Type::admin, 0, 3, Field<&Admin::request>, Text<&Admin::verb>,
                               Text<&Admin::arguments>> {};

// ---- both ways (4.6, 5.5, 8) ----

template <>
struct Layout<Heartbeat> : Message<Type::heartbeat, 0, 0, Field<&Heartbeat::coming_bytes>> {};

template <>
struct Layout<Bye> : Message<Type::bye, 0, 0> {};

// ---- router to client (4.1 … 4.5, 10) ----

template <>
struct Layout<ClientWelcome>
    : Message<Type::client_welcome, 0, 8, Version<&ClientWelcome::version>,
              Field<&ClientWelcome::epoch>, Positive<&ClientWelcome::heartbeat_ms>,
              Positive<&ClientWelcome::liveness>, Field<&ClientWelcome::last_batch>,
              Field<&ClientWelcome::window_jobs>, Field<&ClientWelcome::window_bytes>,
              Field<&ClientWelcome::payload_bytes_max>> {};

template <>
struct Layout<Confirm> : Fields<4, Field<&Confirm::batch>, Field<&Confirm::index>,
                                Positive<&Confirm::count>, Field<&Confirm::first>> {};

template <>
struct Layout<ConfirmMessage>
    : Message<Type::confirm, entries_max, 1, Field<&ConfirmMessage::entries>> {};

template <>
struct Layout<JobResult>
    : Fields<5, Field<&JobResult::batch>, Field<&JobResult::index>, Field<&JobResult::job>,
             Field<&JobResult::end>, Field<&JobResult::attempts>, Field<&JobResult::bytes>,
             Text<&JobResult::worker>, Text<&JobResult::reason>> {};

template <>
struct Layout<ResultMessage>
    : Message<Type::result, entries_max, 1, Field<&ResultMessage::entries>> {};

template <>
struct Layout<ItemError> : Fields<2, Field<&ItemError::index>, Field<&ItemError::code>> {};

template <>
struct Layout<Refused>
    : Message<Type::refused, submit_entries_max, 4, Field<&Refused::batch>, Field<&Refused::code>,
              Field<&Refused::retry_after_ms>, Field<&Refused::last_batch>, Text<&Refused::text>,
              Field<&Refused::items>> {};

template <>
struct Layout<AdminReply> : Message<Type::admin_reply, 0, 3, Field<&AdminReply::request>,
                                    Field<&AdminReply::code>, Text<&AdminReply::body>> {};

template <>
struct Layout<Error> : Message<Type::error, 0, 1, Field<&Error::code>, Text<&Error::text>> {};

// ---- worker to router (5.1, 5.3, 5.4) ----

template <>
struct Layout<WorkerHello>
    : Message<Type::worker_hello, hello_entries_max, 6, Version<&WorkerHello::version>,
              Field<&WorkerHello::instance>, Text<&WorkerHello::name>, Option<&WorkerHello::weight>,
              Option<&WorkerHello::concurrency>, Text<&WorkerHello::queues>,
              Field<&WorkerHello::held>, Field<&WorkerHello::finished>,
              Field<&WorkerHello::recalls>, Field<&WorkerHello::connection>> {};

template <>
struct Layout<OutcomeItem> : Fields<1, Field<&OutcomeItem::token>, Field<&OutcomeItem::run_us>,
                                    Field<&OutcomeItem::held_us>, Field<&OutcomeItem::outcome>,
                                    Field<&OutcomeItem::bytes>, Field<&OutcomeItem::delay_ms>> {
  using Bare = BareForm<Part<&OutcomeItem::token>, Part<&OutcomeItem::run_us, std::uint32_t>,
                        Part<&OutcomeItem::held_us, std::uint32_t>, Part<&OutcomeItem::count>>;
  static bool is_bare(const OutcomeItem& item, const OutcomeItem*) {
    ZCREW_CHECK(item.count == 1 || may_be_run(item));
    return may_be_run(item);
  }
  static OutcomeItem blank(const OutcomeItem*) { return {}; }
};

template <>
struct Layout<OutcomeMessage>
    : Message<Type::outcome, entries_max, 1, Field<&OutcomeMessage::entries>> {};

template <>
struct Layout<Drain> : Message<Type::drain, 0, 0> {};

// ---- router to worker (5.1 … 5.4, 5.6) ----

template <>
struct Layout<QueueName> : Fields<2, Positive<&QueueName::number>, Text<&QueueName::name>> {};

template <>
struct Layout<WorkerWelcome>
    : Message<Type::worker_welcome, hello_entries_max, 6, Version<&WorkerWelcome::version>,
              Field<&WorkerWelcome::epoch>, Positive<&WorkerWelcome::heartbeat_ms>,
              Positive<&WorkerWelcome::liveness>, Field<&WorkerWelcome::concurrency>,
              Field<&WorkerWelcome::queues>, Field<&WorkerWelcome::abandon>,
              Field<&WorkerWelcome::payload_bytes_max>> {};

template <>
struct Layout<RunItem> : Fields<2, Field<&RunItem::token>, Field<&RunItem::payload>,
                                Positive<&RunItem::attempt>, Field<&RunItem::time_limit_ms>> {
  // The first attempt, without a time limit.
  using Bare = BareForm<Part<&RunItem::token>, Part<&RunItem::payload>>;
  static bool is_bare(const RunItem& item, const RunItem*) {
    return item.attempt == 1 && item.time_limit_ms == 0;
  }
  static RunItem blank(const RunItem*) { return {}; }
};

template <>
struct Layout<RunMessage> : Message<Type::run, entries_max, 1, Field<&RunMessage::entries>> {};

template <>
struct Layout<TokenRun> : Fields<1, Field<&TokenRun::first>, Positive<&TokenRun::count>> {
  // One attempt.
  using Bare = BareForm<Part<&TokenRun::first>>;
  static bool is_bare(const TokenRun& run, const TokenRun*) { return run.count == 1; }
  static TokenRun blank(const TokenRun*) { return {}; }
};

template <>
struct Layout<SettledMessage>
    : Message<Type::settled, entries_max, 1, Field<&SettledMessage::entries>> {};

template <>
struct Layout<Capacity>
    : Message<Type::capacity, 0, 2, Field<&Capacity::weight>, Field<&Capacity::concurrency>> {};

template <>
struct Layout<Recall> : Message<Type::recall, entries_max, 1, Field<&Recall::tokens>> {};

}  // namespace zcrew::wire
