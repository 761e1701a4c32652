#include "core/commands.h"

#include "core/names.h"

namespace zcrew::core {

void Commands::on(const Command& command) {
  std::visit([&](const auto& what) { carry_out(command.request, what); }, command.what);
}

void Commands::reply(CommandRequest request, std::uint64_t count) {
  context_.out->replies.push_back({request, wire::ErrorCode::none, count, ""});
}

void Commands::refuse(CommandRequest request, wire::ErrorCode code, std::string text) {
  context_.out->replies.push_back({request, code, 0, std::move(text)});
}

void Commands::carry_out(CommandRequest request, const SetWeight& command) {
  if (command.weight > limits::weight_max) {
    return refuse(request, wire::ErrorCode::bad_arguments, "a weight is 0 to 10000");
  }
  const std::uint32_t changed = workers_.set_weight(command.worker, command.weight);
  if (changed == 0) {
    return refuse(
        request, wire::ErrorCode::not_found,
        "no worker is called " + printable(command.worker) + ": `zcrew workers` lists them");
  }
  context_.note(NoteKind::command,
                "weight of worker " + command.worker + " is now " + std::to_string(command.weight));
  reply(request, changed);
}

void Commands::change(Queue& queue, const QueueSettings& settings) {
  const bool is_new_policy = settings.policy != queue.settings.policy;
  book_.change_settings(queue, settings);
  if (is_new_policy) dispatcher_.policy_changed(queue);
}

// Made if it is new, as by its first job or worker; null if that is refused.
Queue* Commands::open(CommandRequest request, const std::string& name) {
  if (!is_queue_name(name)) {
    refuse(request, wire::ErrorCode::bad_queue_name,
           "a queue's name has 1 to 128 of: letters, digits, '.', '_', '-'");
    return nullptr;
  }
  Queue* queue = book_.open_queue(name);
  if (queue == nullptr) {
    refuse(request, wire::ErrorCode::too_many_queues, "there are 100000 queues already");
  }
  return queue;
}

void Commands::carry_out(CommandRequest request, const SetPolicy& command) {
  Queue* queue = open(request, command.queue);
  if (queue == nullptr) return;
  QueueSettings settings = queue->settings;
  settings.policy = command.policy;
  change(*queue, settings);
  context_.note(NoteKind::command, "queue " + command.queue + " has a new policy");
  reply(request, 1);
}

void Commands::carry_out(CommandRequest request, const SetQueue& command) {
  const QueueSettings& settings = command.settings;
  const bool in_range = settings.weight >= 1 && settings.weight <= limits::weight_max &&
                        settings.attempts >= 1 && settings.attempts <= limits::attempts_max &&
                        settings.crash_limit >= 1 && settings.backoff_ms >= 1;
  if (!in_range) {
    return refuse(request, wire::ErrorCode::bad_arguments,
                  "weight is 1 to 10000, attempts 1 to 1000, crash limit and backoff at least 1");
  }
  Queue* queue = open(request, settings.name);
  if (queue == nullptr) return;
  change(*queue, settings);
  context_.note(NoteKind::command, "settings of queue " + settings.name + " changed");
  reply(request, 1);
}

void Commands::carry_out(CommandRequest request, const RedriveDead& command) {
  look_up(request, command.jobs, false);
}

void Commands::carry_out(CommandRequest request, const RemoveDead& command) {
  look_up(request, command.jobs, true);
}

void Commands::look_up(CommandRequest request, const std::vector<JobId>& jobs, bool removes) {
  LoadJobs lookup{deferred_.new_request(), {}};
  for (const JobId& id : jobs) {
    if (id.priority < priority_count && moving_.insert(id).second) lookup.jobs.push_back(id);
  }
  pending_[lookup.request] = {request, removes};
  deferred_.read(std::move(lookup));
}

bool Commands::on_loaded(const JobsLoaded& loaded) {
  const auto at = pending_.find(loaded.request);
  if (at == pending_.end()) return false;
  const Pending pending = at->second;
  pending_.erase(at);
  std::uint64_t count = 0;
  for (const LoadedJob& letter : loaded.jobs) {
    moving_.erase(letter.id);
    if (letter.place != Place::dead) continue;
    if (pending.removes) {
      book_.remove_dead(letter);
    } else {
      book_.redrive(letter);
    }
    ++count;
  }
  context_.note(NoteKind::command, std::to_string(count) + " dead letters " +
                                       (pending.removes ? "removed" : "redriven"));
  reply(pending.request, count);
  return true;
}

}  // namespace zcrew::core
