#include "core/client_desk.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/plant.h"
#include "core/names.h"

namespace zcrew::core {

namespace {

// A client told to come back later: soon enough to use freed room, late enough not to knock in a
// loop.
constexpr std::uint64_t retry_full_ms = 500;
// Quick workers empty a queue of 100 jobs within this time; a refused try is a small one and costs
// microseconds.
constexpr std::uint64_t retry_queue_ms = 20;
constexpr std::uint64_t retry_window_ms = 20;

// Runs of ids a session may have at or above its floor, at least; more if its window is larger.
constexpr std::size_t runs_min = 65536;

// Bytes of results that one look into the journal may bring into memory.
constexpr std::size_t lookup_bytes = std::size_t{64} << 20U;

// Jobs that one session may have asked for and not been told of: a client waits for fewer, as it
// has each of them in memory, too.
constexpr std::uint64_t asked_jobs_max = std::uint64_t{4} << 20U;

// Guide requests remembered while the first ids are reserved, which takes one commit.
constexpr std::size_t early_max = 1024;

}  // namespace

// ---- sessions
// ------------------------------------------------------------------------------------

void ClientDesk::on(Peer peer, const wire::ClientHello& hello) {
  if (guide_clients_.count(peer) != 0) {
    ++context_.counters.malformed;  // a peer keeps the dialect it started with
    return;
  }
  ClientSession& session = sessions_.connect(peer, hello.session, printable(hello.name));
  session.hello(std::max<std::uint64_t>(hello.floor, 1));
  context_.note(NoteKind::client_joined, "client " + session.name() + " is here");
  if (book_.has_had_sequences()) return welcome(session);
  unwelcomed_.push_back(session.uuid());
}

void ClientDesk::welcome(ClientSession& session) {
  wire::ClientWelcome welcome;
  welcome.epoch = context_.epoch;
  welcome.heartbeat_ms = static_cast<std::uint32_t>(context_.config.heartbeat.count() / 1000);
  welcome.liveness = context_.config.liveness;
  welcome.last_batch = session.last_batch();
  welcome.window_jobs = context_.config.window_jobs;
  welcome.window_bytes = context_.config.window_bytes;
  welcome.payload_bytes_max = context_.config.payload_bytes_max;
  context_.send(*session.peer, Side::frontend, welcome);
}

void ClientDesk::on_durable() {
  if (book_.sequences_left() == 0) return;
  const std::vector<Early> early = std::exchange(early_, {});
  for (const Early& each : early) on(each.peer, wire::GuideRequest{each.body.view()});
  for (const Uuid& uuid : unwelcomed_) {
    ClientSession* session = sessions_.of(uuid);
    if (session != nullptr && session->peer) welcome(*session);
  }
  unwelcomed_.clear();
}

void ClientDesk::on(Peer peer, const wire::Heartbeat& heartbeat) {
  static_cast<void>(heartbeat);
  if (ClientSession* session = sessions_.of(peer)) {
    session->last_heard = context_.attended();
    context_.send(peer, Side::frontend, wire::Heartbeat{});
    return;
  }
  context_.send(
      peer, Side::frontend,
      wire::Error{wire::ErrorCode::session_unknown, "this connection has no session: say HELLO"});
}

void ClientDesk::on(Peer peer, const wire::Bye& bye) {
  static_cast<void>(bye);
  ClientSession* session = sessions_.of(peer);
  if (session == nullptr) return;
  context_.note(NoteKind::client_left, "client " + session->name() + " left");
  sessions_.drop(Uuid{session->uuid()});
}

void ClientDesk::gone(Peer peer) {
  sessions_.disconnect(peer);
  const auto at = guide_clients_.find(peer);
  if (at == guide_clients_.end()) return;
  for (const JobId& id : at->second.jobs) {
    if (Job* job = book_.ready_in_memory(id)) book_.cancelled(*job);
  }
  guide_clients_.erase(at);
  context_.note(NoteKind::guide_client_gone, "a Guide client left; its waiting job is dropped");
}

void ClientDesk::say_bye() {
  for (const Peer peer : sessions_.connected()) {
    context_.send(peer, Side::frontend, wire::Bye{});
  }
}

// ---- submitting
// ----------------------------------------------------------------------------------

void ClientDesk::on(Peer peer, const wire::Submit& submit) {
  ClientSession* session = sessions_.of(peer);
  if (session == nullptr) {
    return refuse(peer, submit, nullptr,
                  {wire::ErrorCode::session_unknown,
                   "this connection has no session: say HELLO, then resend",
                   0,
                   {}});
  }
  session->last_heard = context_.attended();
  session->raise_floor(submit.floor);
  Size size;
  for (const wire::SubmitGroup& group : submit.groups) {
    size.jobs += static_cast<std::uint32_t>(group.items.size());
    for (const wire::SubmitItem& item : group.items) size.bytes += item.payload.size();
  }
  if (submit.batch <= session->last_batch()) return repeat(*session, submit, size);
  const Refusal refusal = check(*session, submit, size);
  if (refusal.code != wire::ErrorCode::none) {
    if (planted(Bug::number_lost) && refusal.code == wire::ErrorCode::journal_full) {
      Batch lost;
      lost.number = submit.batch;
      session->accept(std::move(lost), 0);
    }
    return refuse(peer, submit, session, refusal);
  }
  accept(*session, submit, size);
}

void ClientDesk::refuse(Peer peer, const wire::Submit& submit, ClientSession* session,
                        const Refusal& refusal) {
  wire::Refused refused;
  refused.batch = submit.batch;
  refused.code = refusal.code;
  refused.retry_after_ms = refusal.retry_after_ms;
  refused.last_batch = session == nullptr ? 0 : session->last_batch();
  texts_.push_back(refusal.text);
  refused.text = texts_.back();
  refused.items = refusal.items;
  if (is_news(session, refusal)) {
    context_.note(NoteKind::batch_refused, "a batch of client " +
                                               (session == nullptr ? "?" : session->name()) +
                                               " is refused: " + refusal.text);
  }
  context_.send(peer, Side::frontend, std::move(refused));
}

// A client tries again until it is heard: the log has the cause once, and not at all what follows
// from it, that batches behind the refused one are out of order.
bool ClientDesk::is_news(ClientSession* session, const Refusal& refusal) {
  if (session == nullptr) return true;
  const wire::ErrorCode told = session->refused_for;
  if (refusal.code == wire::ErrorCode::out_of_order) return told == wire::ErrorCode::none;
  if (refusal.retry_after_ms == 0) return true;
  session->refused_for = refusal.code;
  return told != refusal.code;
}

ClientDesk::Refusal ClientDesk::check(const ClientSession& session, const wire::Submit& submit,
                                      const Size& size) {
  if (context_.stopping) {
    return {wire::ErrorCode::shutting_down, "the router is shutting down: try again", 1000, {}};
  }
  if (submit.batch != session.last_batch() + 1) {
    return {wire::ErrorCode::out_of_order,
            "batch " + std::to_string(submit.batch) + " came before batch " +
                std::to_string(session.last_batch() + 1) + ": go on from there",
            0,
            {}};
  }
  if (Refusal refusal = check_items(submit); refusal.code != wire::ErrorCode::none) return refusal;
  return check_room(session, submit, size);
}

std::uint64_t ClientDesk::cost_of(const Size& size) {
  return size.bytes + size.jobs * limits::job_admission_bytes;
}

wire::ErrorCode ClientDesk::fault_of(const wire::JobOptions& options) {
  using wire::ErrorCode;
  if (!is_queue_name(options.queue)) return ErrorCode::bad_queue_name;
  const bool in_range =
      options.priority < priority_count && options.attempts <= limits::attempts_max &&
      options.delay_ms <= limits::delay_ms_max && options.expires_ms <= limits::delay_ms_max &&
      options.time_limit_ms <= limits::delay_ms_max;
  if (!in_range) return ErrorCode::bad_option;
  if (options.result > wire::ResultMode::keep) return ErrorCode::bad_option;
  if (options.at_most_once || options.result == wire::ResultMode::keep) {
    return ErrorCode::option_unsupported;
  }
  return ErrorCode::none;
}

ClientDesk::Refusal ClientDesk::check_items(const wire::Submit& submit) const {
  Refusal refusal;
  const auto blame = [&](const wire::SubmitItem& item, wire::ErrorCode code) {
    if (refusal.code == wire::ErrorCode::none) refusal.code = code;
    refusal.items.push_back({item.index, code});
  };
  std::uint64_t next_index = 0;
  for (const wire::SubmitGroup& group : submit.groups) {
    const wire::ErrorCode fault = fault_of(group.options);
    for (const wire::SubmitItem& item : group.items) {
      if (item.index < next_index || item.index >= limits::entries_per_message_max) {
        return {
            wire::ErrorCode::bad_batch, "the indexes of a batch rise and stay below 16384", 0, {}};
      }
      next_index = std::uint64_t{item.index} + 1;
      if (fault != wire::ErrorCode::none) {
        blame(item, fault);
      } else if (item.payload.size() > context_.config.payload_bytes_max) {
        blame(item, wire::ErrorCode::payload_too_large);
      } else if (!item.key.empty()) {
        blame(item, wire::ErrorCode::option_unsupported);
      }
    }
  }
  if (next_index == 0) return {wire::ErrorCode::bad_batch, "a batch holds at least one job", 0, {}};
  if (refusal.code != wire::ErrorCode::none) {
    refusal.text = std::to_string(refusal.items.size()) + " of its jobs cannot be taken (" +
                   std::string(wire::name_of(refusal.code)) + "): leave them out and resend";
  }
  return refusal;
}

ClientDesk::Refusal ClientDesk::check_room(const ClientSession& session, const wire::Submit& submit,
                                           const Size& size) {
  using wire::ErrorCode;
  const Config& config = context_.config;
  // A first batch always fits, so that one job above the window's bytes does not wait for ever.
  const bool beyond = session.unconfirmed_jobs() + size.jobs > config.window_jobs ||
                      session.unconfirmed_bytes() + size.bytes > config.window_bytes;
  if (beyond && session.unconfirmed_jobs() > 0) {
    return {ErrorCode::window_exceeded,
            "too many unconfirmed jobs: wait for confirms",
            retry_window_ms,
            {}};
  }
  // A floor that stays behind would make the router remember every batch there ever was.
  if (session.runs() >= std::max(runs_min, std::size_t{4} * config.window_jobs)) {
    return {ErrorCode::window_exceeded,
            "too many batches lie above the floor: raise it to the first that is not confirmed",
            retry_window_ms,
            {}};
  }
  if (book_.sequences_left() < size.jobs) {
    return {ErrorCode::journal_full, "job ids are being reserved: try again", retry_window_ms, {}};
  }
  if (const std::uint64_t cost = cost_of(size); admissible_bytes_ < cost) {
    refused_cost_ = full_ ? std::min(refused_cost_, cost) : cost;
    if (!std::exchange(full_, true)) {
      context_.note(NoteKind::journal_full,
                    "the disk of the journal is full: new jobs are refused, held ones go on; free "
                    "some space");
    }
    return {
        ErrorCode::journal_full, "the router's disk is full: try again later", retry_full_ms, {}};
  }
  std::map<QueueNumber, std::uint64_t> coming;
  for (const wire::SubmitGroup& group : submit.groups) {
    const Queue* queue = book_.open_queue(group.options.queue);
    if (queue == nullptr) {
      return {ErrorCode::too_many_queues,
              "the router has 100000 queues already: use one of them",
              0,
              {}};
    }
    const std::uint64_t most = queue->settings.max_ready;
    if (most == 0) continue;
    const std::uint64_t more = coming[queue->number] += group.items.size();
    if (queue->counts.ready + queue->counts.later + more > most) {
      return {ErrorCode::queue_full,
              "queue " + queue->settings.name + " holds its limit of " + std::to_string(most) +
                  " jobs: try again later",
              retry_queue_ms,
              {}};
    }
  }
  return {};
}

JobHeader ClientDesk::header_of(const wire::JobOptions& options, const Queue& queue) const {
  JobHeader header;
  header.accepted_at = context_.now.wall;
  if (options.expires_ms != 0) {
    header.expires_at =
        context_.now.wall + Milliseconds{static_cast<std::int64_t>(options.expires_ms)};
  }
  header.attempts_max = options.attempts != 0 ? options.attempts : queue.settings.attempts;
  header.backoff_ms = options.backoff_ms != 0 ? options.backoff_ms : queue.settings.backoff_ms;
  header.time_limit_ms = options.time_limit_ms;
  header.result = options.result;
  return header;
}

void ClientDesk::accept(ClientSession& session, const wire::Submit& submit, const Size& size) {
  Batch batch;
  batch.number = submit.batch;
  batch.bytes = size.bytes;
  const SessionRef reference = sessions_.reference(session);
  PayloadCopies copies;
  for (const wire::SubmitGroup& group : submit.groups) {
    Queue& queue = *book_.open_queue(group.options.queue);
    NewJob fresh;
    fresh.header = header_of(group.options, queue);
    fresh.priority = group.options.priority;
    fresh.session = reference;
    fresh.batch = submit.batch;
    if (group.options.delay_ms != 0) {
      fresh.due =
          context_.now.wall + Milliseconds{static_cast<std::int64_t>(group.options.delay_ms)};
    }
    batch.wants_results |= group.options.result == wire::ResultMode::caller;
    for (const wire::SubmitItem& item : group.items) {
      fresh.payload = copies.copy_of(item.payload);
      fresh.follows = &item != &group.items.front() && item.index == fresh.index + 1;
      fresh.index = item.index;
      if (fresh.header.result == wire::ResultMode::caller) {
        fresh.header.origin = {session.uuid(), submit.batch, item.index};
      }
      const JobBook::Accepted accepted = book_.accept(queue, fresh);
      batch.put = accepted.number;
      batch.jobs = item.index + 1;
      BatchRun* run = batch.runs.empty() ? nullptr : &batch.runs.back();
      const bool joins = run != nullptr && run->index + run->count == item.index &&
                         run->first.queue == queue.number &&
                         run->first.priority == fresh.priority &&
                         run->first.sequence + run->count == accepted.sequence;
      if (joins) {
        ++run->count;
      } else {
        const JobId first{queue.number, fresh.priority, accepted.sequence};
        batch.runs.push_back({submit.batch, item.index, 1, first});
      }
    }
  }
  session.refused_for = wire::ErrorCode::none;
  admissible_bytes_ -= std::min(admissible_bytes_, cost_of(size));
  const JournalSequence number = planted(Bug::confirm_before_commit) ? 0 : batch.put;
  session.accept(std::move(batch), size.jobs);
  sessions_.await(session, submit.batch, number);
}

// A resent batch: it was accepted before, so only the answers are given again.
void ClientDesk::repeat(ClientSession& session, const wire::Submit& submit, const Size& size) {
  context_.counters.duplicates += size.jobs;
  context_.note(NoteKind::batch_duplicate, "client " + session.name() + " resent batch " +
                                               std::to_string(submit.batch) +
                                               ", which is here already");
  Batch* batch = session.find(submit.batch);
  if (batch == nullptr) return;
  sessions_.repeat_confirms(session, *batch);
  // One look at a time: who resends in a loop does so faster than a journal can be read.
  if (!batch->wants_results || batch->repeated_to == session.peer) return;
  batch->repeated_to = session.peer;
  std::vector<JobId> jobs;
  for (const BatchRun& run : batch->runs) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      jobs.push_back({run.first.queue, run.first.priority, run.first.sequence + i});
    }
  }
  deferred_.read(next_lookup({session.uuid(), batch->number, std::move(jobs)}));
}

// ---- results
// -------------------------------------------------------------------------------------

void ClientDesk::on(Peer peer, const wire::Ask& asked) {
  ClientSession* session = sessions_.of(peer);
  if (session == nullptr) return on(peer, wire::Heartbeat{});
  session->last_heard = context_.attended();
  if (session->asked_jobs + asked.jobs.size() > asked_jobs_max) {
    ++context_.counters.malformed;
    return;
  }
  session->asked_jobs += asked.jobs.size();
  deferred_.read(next_lookup({session->uuid(), 0, asked.jobs}));
}

// One part after the other: all results of a client at once might not fit into memory.
LoadResults ClientDesk::next_lookup(Asked asked) {
  const std::size_t most =
      std::max<std::size_t>(lookup_bytes / context_.config.payload_bytes_max, 1);
  const std::size_t end = std::min(asked.answered + most, asked.jobs.size());
  const auto at = [&](std::size_t i) {
    return asked.jobs.begin() + static_cast<std::ptrdiff_t>(i);
  };
  LoadResults lookup{deferred_.new_request(), {at(asked.answered), at(end)}};
  asked.answered = end;
  asked_[lookup.request] = std::move(asked);
  return lookup;
}

void ClientDesk::on_results(const ResultsLoaded& loaded) {
  const auto at = asked_.find(loaded.request);
  if (at == asked_.end()) return;
  Asked asked = std::move(at->second);
  asked_.erase(at);
  ClientSession* session = sessions_.of(asked.session);
  if (session == nullptr || !session->peer) return looked_up(session, asked);
  for (const LoadedResult& result : loaded.results) {
    if (result.found) {
      if (result.result.origin.session == asked.session) sessions_.repeat_result(result.result);
      continue;
    }
    const bool ended = result.place == Place::none || result.place == Place::dead;
    if (!ended || asked.batch != 0 || book_.held(result.id) != nullptr) continue;
    wire::JobResult answer;
    answer.job = result.id;
    answer.end = result.place == Place::dead ? wire::End::dead : wire::End::unknown;
    answer.reason = result.place == Place::dead ? "dead letter" : "result no longer kept";
    context_.send(*session->peer, Side::frontend, answer);
  }
  if (asked.answered == asked.jobs.size()) return looked_up(session, asked);
  context_.read(next_lookup(std::move(asked)));
}

void ClientDesk::looked_up(ClientSession* session, const Asked& asked) {
  if (session == nullptr) return;
  if (asked.batch == 0) {
    session->asked_jobs -= std::min<std::uint64_t>(session->asked_jobs, asked.jobs.size());
  } else if (Batch* batch = session->find(asked.batch)) {
    batch->repeated_to.reset();
  }
}

void ClientDesk::on(Peer peer, const wire::Acknowledge& acknowledge) {
  ClientSession* session = sessions_.of(peer);
  if (session == nullptr) return on(peer, wire::Heartbeat{});
  session->last_heard = context_.attended();
  sessions_.acknowledge(*session, acknowledge.jobs);
}

// ---- the rest
// ------------------------------------------------------------------------------------

void ClientDesk::on(Peer peer, const wire::GuideRequest& request) {
  // It resends from a new connection until somebody answers, so silence is the refusal it knows.
  if (context_.stopping || request.body.size() > context_.config.payload_bytes_max) return;
  if (sessions_.of(peer) != nullptr) {
    ++context_.counters.malformed;  // a peer keeps the dialect it started with
    return;
  }
  if (book_.sequences_left() == 0) {
    // The first moments of a router: ids are being reserved, and the client would wait for seconds.
    if (early_.size() < early_max) early_.push_back({peer, Payload::copy_of(request.body)});
    return;
  }
  Queue& queue = *book_.open_queue("default");
  const QueueCounts& guests = queue.memory_only;
  const std::uint64_t jobs = guests.ready + guests.held + 1;
  const std::uint64_t bytes = guests.bytes + request.body.size() + jobs * job_memory;
  if (bytes > context_.config.ready_bytes) return;
  NewJob fresh;
  wire::JobOptions options;
  fresh.header = header_of(options, queue);
  fresh.priority = options.priority;
  fresh.payload = Payload::copy_of(request.body);
  GuideClient& client = guide_clients_[peer];
  client.jobs.push_back(book_.accept_in_memory(queue, fresh, peer));
  if (client.jobs.size() < client.prune_at) return;
  // Only what still waits needs to be remembered; looked over rarely, as one peer may ask much.
  const auto waits = [&](const JobId& id) { return book_.ready_in_memory(id) != nullptr; };
  std::vector<JobId> waiting;
  std::copy_if(client.jobs.begin(), client.jobs.end(), std::back_inserter(waiting), waits);
  client.jobs = std::move(waiting);
  client.prune_at = std::max<std::size_t>(16, 2 * client.jobs.size());
}

void ClientDesk::on(Peer peer, const wire::Admin& admin) {
  static_cast<void>(admin);
  context_.send(peer, Side::frontend,
                wire::Error{wire::ErrorCode::internal, "the core answers no admin messages"});
}

void ClientDesk::on_space(std::uint64_t admissible_bytes) {
  admissible_bytes_ = admissible_bytes;
  if (full_ && admissible_bytes >= refused_cost_) {
    full_ = false;
    context_.note(NoteKind::journal_has_room, "the journal has room again: jobs are taken");
  }
}

}  // namespace zcrew::core
