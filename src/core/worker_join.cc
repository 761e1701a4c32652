// The half of WorkerDesk that seats native workers: HELLO, what they still hold, WELCOME.
#include <algorithm>

#include "base/plant.h"
#include "core/names.h"
#include "core/worker_desk.h"

namespace zcrew::core {

namespace {

constexpr wire::Error too_many_queues{wire::ErrorCode::too_many_queues,
                                      "the router has 100000 queues already: name one of them"};

constexpr wire::Error superseded{wire::ErrorCode::superseded,
                                 "a newer connection of this worker took over: close this one"};

}  // namespace

void WorkerDesk::recover(const Recovered& recovered) {
  for (const PutInstance& row : recovered.instances) known_[row.instance] = 0;
}

std::string_view WorkerDesk::fault_of(const wire::WorkerHello& hello) const {
  if (hello.weight > limits::weight_max) return "weight is above 10000: choose a smaller one";
  if (hello.concurrency > limits::concurrency_max) return "concurrency is above 65536";
  if (hello.queues.empty()) return "no queue named: name at least one";
  if (hello.queues.size() > limits::queues_per_worker_max) return "more than 1024 queues named";
  for (const std::string_view name : hello.queues) {
    if (!is_queue_name(name))
      return "a queue's name has 1 to 128 of: letters, digits, '.', '_', '-'";
  }
  if (hello.name.size() > limits::name_bytes_max) return "the worker's name is above 128 bytes";
  return {};
}

void WorkerDesk::on(Peer peer, const wire::WorkerHello& hello) {
  if (const Worker* other = find(peer); other != nullptr && other->dialect != Dialect::native) {
    ++context_.counters.malformed;  // a peer keeps the dialect it started with
    return;
  }
  if (const std::string_view fault = fault_of(hello); !fault.empty()) {
    context_.send(peer, Side::backend, wire::Error{wire::ErrorCode::bad_worker_option, fault});
    return;
  }
  if (is_outdated(hello)) {
    context_.note(NoteKind::worker_superseded,
                  "a HELLO of worker " + printable(hello.name) +
                      " came behind that of its newer connection, and counts no more");
    context_.send(peer, Side::backend, superseded);
    return;
  }
  const bool has_queues =
      std::all_of(hello.queues.begin(), hello.queues.end(),
                  [&](const std::string_view name) { return book_.open_queue(name) != nullptr; });
  if (!has_queues) return context_.send(peer, Side::backend, too_many_queues);
  Worker& worker = seat(peer, hello);
  compare_reported(worker, hello);
  const auto known = known_.find(worker.instance);
  if (known == known_.end()) {
    worker.known_at = context_.record(PutInstance{worker.instance, worker.name, context_.now.wall});
    known_[worker.instance] = worker.known_at;
  } else {
    worker.known_at = known->second;
  }
  welcome_if_ready(worker);
}

// Connections are read in no order: after a stall an older one's HELLO may come behind that of the
// newer one, and does not list what that was given.
bool WorkerDesk::is_outdated(const wire::WorkerHello& hello) const {
  const auto at = by_instance_.find(hello.instance);
  return at != by_instance_.end() && hello.connection != 0 &&
         hello.connection < at->second->connection;
}

// The worker of this instance, old or new, on this connection. A newer connection supersedes.
Worker& WorkerDesk::seat(Peer peer, const wire::WorkerHello& hello) {
  if (Worker* other = find(peer); other != nullptr && other->instance != hello.instance) gone(peer);
  const auto at = by_instance_.find(hello.instance);
  Worker* worker = at == by_instance_.end() ? nullptr : at->second;
  if (worker == nullptr) {
    worker = &add(peer, Dialect::native, "");
    worker->instance = hello.instance;
    by_instance_[hello.instance] = worker;
  } else {
    dispatcher_.leave(*worker);
    if (worker->lookup) lookups_.erase(*std::exchange(worker->lookup, std::nullopt));
    if (worker->peer && *worker->peer != peer) {
      context_.send(*worker->peer, Side::backend, superseded);
      context_.note(NoteKind::worker_superseded,
                    "worker " + worker->name + " came back on a new connection");
      by_peer_.erase(*worker->peer);
    }
    worker->peer = peer;
    by_peer_[peer] = worker;
  }
  // What it reports from now on; outcomes of an earlier session that wait are told again.
  worker->session = ++last_session_;
  worker->unsettled = 0;
  worker->state = WorkerState::joining;
  joining_.insert(worker->number);
  worker->name = hello.name.empty() ? to_text(hello.instance).substr(0, 8) : printable(hello.name);
  worker->weight = hello.weight;
  worker->own_concurrency = hello.concurrency;
  worker->recalls = hello.recalls;
  worker->connection = hello.connection;
  worker->recall_open = false;
  // A person's word counts for more than the worker's, unless the worker wants nothing.
  if (worker->set_weight && hello.weight != 0) worker->weight = *worker->set_weight;
  worker->tell_weight = worker->weight != hello.weight;
  if (planted(Bug::weight_forgotten) && hello.connection > 1) worker->weight = 1;
  worker->queues.clear();
  for (const std::string_view name : hello.queues) {
    worker->queues.push_back(book_.open_queue(name)->number);
  }
  std::sort(worker->queues.begin(), worker->queues.end());
  worker->queues.erase(std::unique(worker->queues.begin(), worker->queues.end()),
                       worker->queues.end());
  heard(*worker);
  worker->last_sent = context_.attended();
  schedule(*worker, context_.attended() + context_.config.heartbeat);
  return *worker;
}

// What the worker lists is the truth: what it does not list never reached it, or was lost there.
void WorkerDesk::compare_reported(Worker& worker, const wire::WorkerHello& hello) {
  worker.abandon.clear();
  worker.reported.clear();
  std::set<Token> listed(hello.held.begin(), hello.held.end());
  listed.insert(hello.finished.begin(), hello.finished.end());
  for (Job* job = worker.first_held; job != nullptr;) {
    Job* next = job->next;
    if (listed.count(job->token) == 0) {
      job->worker->unlink(*job);
      book_.give_back(*job);
    } else {
      ++context_.counters.resumed;
    }
    job = next;
  }
  // A worker that failed a job, got it again and was not told that the failure is settled lists it
  // twice.
  std::map<JobId, std::pair<Epoch, std::uint32_t>> newest;
  for (const Token& token : listed) {
    auto& attempt = newest[token.job];
    attempt = std::max(attempt, {token.epoch, token.handout});
  }
  const auto is_newest = [&](const Token& token) {
    return newest[token.job] == std::pair(token.epoch, token.handout);
  };
  for (const Token& token : hello.held) {
    if (is_newest(token)) {
      claim(worker, token, true);
    } else {
      worker.abandon.push_back(token);
    }
  }
  worker.reported_held = worker.reported.size();
  for (const Token& token : hello.finished) {
    if (is_newest(token)) claim(worker, token, false);
  }
  if (!worker.reported.empty()) look_up(worker);
}

void WorkerDesk::look_up(Worker& worker) {
  LoadJobs lookup;
  lookup.request = deferred_.new_request();
  for (const Token& token : worker.reported) lookup.jobs.push_back(token.job);
  worker.lookup = lookup.request;
  worker.lookup_sees = context_.last_record;
  lookups_[lookup.request] = worker.number;
  deferred_.read(std::move(lookup));
}

// A job that was out before the restart and waits for the worker that has it: here it is. A worker
// that reported an older attempt loses it: what became of that is not the newest any more.
bool WorkerDesk::take_orphan(Worker& worker, const Token& token) {
  const auto age = [](const Token& t) { return std::pair(t.epoch, t.handout); };
  Job* job = book_.held(token.job);
  if (job == nullptr || age(job->token) > age(token) || token.epoch >= context_.epoch) return false;
  if (Worker* other = job->worker) {
    if (job->token == token) return false;
    job->worker->unlink(*job);
    dispatcher_.update(*other);
  }
  job->token = token;
  worker.link(*job);
  ++context_.counters.resumed;
  return true;
}

// Decides about one reported attempt, or leaves it to a look into the journal.
void WorkerDesk::claim(Worker& worker, const Token& token, bool is_held) {
  Job* job = book_.held(token.job);
  if (job != nullptr && job->worker == &worker && job->token == token) return;
  if (take_orphan(worker, token)) return;
  if (job == nullptr && token.epoch < context_.epoch && !orphans_.outdoes(token)) {
    worker.reported.push_back(token);
    return;
  }
  if (is_held) worker.abandon.push_back(token);
}

void WorkerDesk::on_loaded(const JobsLoaded& loaded) {
  const auto at = lookups_.find(loaded.request);
  if (at == lookups_.end()) return;
  Worker& worker = *workers_.at(at->second);
  lookups_.erase(at);
  worker.lookup.reset();
  // While we looked, a lane may have left jobs to the disk that the answer shows as they were
  // before, or a job may have moved, as when an older attempt failed that another worker reported.
  const JournalSequence sees = std::max(loaded.as_of, worker.lookup_sees);
  const auto is_old = [&](const LoadedJob& found) {
    const bool is_alive = found.place == Place::ready || found.place == Place::later;
    return !book_.disk_is_seen(found, sees) ||
           (is_alive && book_.held(found.id) == nullptr && !book_.is_where(found));
  };
  if (std::any_of(loaded.jobs.begin(), loaded.jobs.end(), is_old)) return look_up(worker);
  for (std::size_t i = 0; i < worker.reported.size(); ++i) {
    const Token& token = worker.reported[i];
    const LoadedJob& found = loaded.jobs[i];
    if (take_orphan(worker, token)) continue;  // its held row was read while we looked
    const Job* in_memory = book_.ready_in_memory(token.job);
    const JobHeader& header = in_memory != nullptr ? in_memory->header : found.header;
    const bool is_current =
        std::pair(token.epoch, token.handout) > std::pair(header.handout_epoch, header.handouts);
    if (book_.is_where(found) && is_current && book_.held(token.job) == nullptr) {
      worker.link(book_.adopt(found, token));
      ++context_.counters.resumed;
    } else if (i < worker.reported_held) {
      worker.abandon.push_back(token);
    }
  }
  worker.reported.clear();
  welcome_if_ready(worker);
}

void WorkerDesk::welcome_if_ready(Worker& worker) {
  // Its connection may have ended while its attempts were looked up: it is not joining any more.
  if (worker.state != WorkerState::joining) return;
  if (worker.lookup || worker.known_at > context_.durable) return;
  worker.state = WorkerState::active;
  joining_.erase(worker.number);
  wire::WorkerWelcome welcome;
  welcome.epoch = context_.epoch;
  welcome.heartbeat_ms = static_cast<std::uint32_t>(context_.config.heartbeat.count() / 1000);
  welcome.liveness = context_.config.liveness;
  welcome.concurrency = worker.concurrency();
  for (const QueueNumber number : worker.queues) {
    welcome.queues.push_back({number, book_.find_queue(number)->settings.name});
  }
  welcome.abandon = std::move(worker.abandon);
  worker.abandon.clear();
  welcome.payload_bytes_max = context_.config.payload_bytes_max;
  const bool resumed = worker.held > 0;
  context_.note(resumed ? NoteKind::worker_resumed : NoteKind::worker_joined,
                "worker " + worker.name + " is here with weight " + std::to_string(worker.weight) +
                    ", concurrency " + std::to_string(worker.concurrency()) +
                    (resumed ? ", and goes on with " + std::to_string(worker.held) + " jobs" : ""));
  send(worker, std::move(welcome));
  // So that it says so itself to the next router.
  if (std::exchange(worker.tell_weight, false)) {
    send(worker, wire::Capacity{worker.weight, worker.concurrency()});
  }
  recovery_.reported(worker.instance);
  dispatcher_.join(worker);
}

bool WorkerDesk::seating_awaited() const {
  return std::any_of(joining_.begin(), joining_.end(), [this](std::uint32_t number) {
    return recovery_.lists(workers_.at(number)->instance);
  });
}

// Instances of the journal that never came back: their jobs of which the journal knows count a
// crash.
void WorkerDesk::bury_missing() {
  for (const auto& [instance, name] : recovery_.missing()) {
    if (by_instance_.count(instance) != 0) continue;  // it came, but is not welcomed yet
    context_.note(NoteKind::worker_dead, "worker " + name + " did not come back after the restart");
    context_.record(RemoveInstance{instance});
    known_.erase(instance);
  }
}

}  // namespace zcrew::core
