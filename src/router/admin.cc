#include "router/admin.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace zcrew::router {
namespace {

const core::QueueReport* find_queue(const core::Report& report, const std::string& name) {
  const auto found = std::find_if(report.queues.begin(), report.queues.end(),
                                  [&](const auto& queue) { return queue.settings.name == name; });
  return found == report.queues.end() ? nullptr : &*found;
}

struct DeadFind {
  journal::DeadLetter letter;
  Payload payload;
};

std::optional<DeadFind> find_dead(journal::Journal& journal, const JobId& id) {
  if (id.sequence == 0) return std::nullopt;  // the first job has 1
  const JobId before{id.queue, id.priority, id.sequence - 1};
  auto page = journal.read_dead(id.queue, before, 1);
  if (page.letters.empty() || page.letters.front().id != id) return std::nullopt;
  auto payload = journal.load_payload({id, core::Place::dead});
  if (!payload.found) return std::nullopt;  // redriven or removed a moment ago
  return DeadFind{std::move(page.letters.front()), std::move(payload.payload)};
}

}  // namespace

Admin::Admin(Surroundings around) : around_(std::move(around)) {}

void Admin::handle(Peer peer, const wire::Admin& message) {
  const Asker asker{peer, message.request};
  if (looks_ + waiting_.size() + commands_.size() >= open_max) {
    refuse(asker, wire::ErrorCode::window_exceeded,
           "Too many questions are waiting for an answer; ask again in a moment.");
    return;
  }
  const auto request = parse_admin(message.verb, message.arguments);
  if (!request) {
    refuse(asker, request.error().code, request.error().text);
    return;
  }
  std::visit([&](const auto& what) { serve(asker, what); }, *request);
}

// Documents may be long, so the reader's thread writes them: those of 100,000 queues would stop the
// loop for half a second.
template <typename Write>
void Admin::write(Asker asker, Write write) {
  look([this, asker, write, report = around_.core.report()](journal::Journal& journal) -> Answer {
    return [this, asker, body = write(report, journal)] { reply(asker, body); };
  });
}

void Admin::serve(Asker asker, AskStatus) {
  write(asker, [status = around_.status()](const core::Report& report, journal::Journal& journal) {
    ShellStatus whole = status;
    whole.journal = journal.gauges();
    return status_json(report, whole);
  });
}

void Admin::serve(Asker asker, AskQueues) {
  write(asker, [](const core::Report& report, journal::Journal&) { return queues_json(report); });
}

void Admin::serve(Asker asker, AskWorkers) {
  write(asker, [](const core::Report& report, journal::Journal&) { return workers_json(report); });
}

void Admin::serve(Asker asker, AskVersion) {
  write(asker, [](const core::Report& report, journal::Journal&) { return version_json(report); });
}

void Admin::serve(Asker asker, const ListDead& list) {
  core::Report report = around_.core.report();
  QueueNumber queue = 0;
  if (!list.queue.empty()) {
    const auto* found = find_queue(report, list.queue);
    if (found == nullptr) {
      refuse(
          asker, wire::ErrorCode::not_found,
          fmt::format("There is no queue '{}'; `zcrew queues` shows what there is.", list.queue));
      return;
    }
    queue = found->number;
  }
  look_up_to_now(
      [this, asker, queue, list, report = std::move(report)](journal::Journal& journal) -> Answer {
        const auto page = journal.read_dead(queue, list.after, list.limit);
        return [this, asker, body = dead_list_json(page, report)] { reply(asker, body); };
      });
}

void Admin::serve(Asker asker, const ShowDead& show) {
  look_up_to_now([this, asker, id = show.id,
                  report = around_.core.report()](journal::Journal& journal) -> Answer {
    if (const auto found = find_dead(journal, id)) {
      return [this, asker, body = dead_letter_json(found->letter, found->payload.view(), report)] {
        reply(asker, body);
      };
    }
    return [this, asker, id] {
      refuse(asker, wire::ErrorCode::not_found,
             fmt::format("There is no dead letter {}; it may have been redriven or removed.",
                         zcrew::to_text(id)));
    };
  });
}

void Admin::serve(Asker asker, const ChangeQueue& change) {
  const auto report = around_.core.report();
  const auto* queue = find_queue(report, change.queue);
  const core::QueueSettings before = queue != nullptr ? queue->settings : core::QueueSettings{};
  command(asker, core::SetQueue{changed(before, change)}, queue == nullptr);
}

void Admin::serve(Asker asker, const core::SetPolicy& change) {
  command(asker, change, find_queue(around_.core.report(), change.queue) == nullptr);
}

template <typename Change>
void Admin::serve(Asker asker, const Change& change) {
  command(asker, change, false);
}

void Admin::command(Asker asker, decltype(core::Command::what) what, bool makes_queue) {
  const std::uint64_t number = next_command_++;
  commands_.emplace(number, Commander{asker, around_.commits.last(), makes_queue});
  around_.step(core::Command{core::CommandRequest{number}, std::move(what)});
}

void Admin::answer(const core::CommandReply& reply_of_core) {
  const auto found = commands_.find(static_cast<std::uint64_t>(reply_of_core.request));
  if (found == commands_.end()) return;
  const auto [asker, before, makes_queue] = found->second;
  commands_.erase(found);
  if (reply_of_core.code != wire::ErrorCode::none) {
    return refuse(asker, reply_of_core.code, reply_of_core.text);
  }
  const std::string body = changed_json(reply_of_core.count, makes_queue);
  if (around_.commits.last() == before) return reply(asker, body);  // nothing for the disk
  // What was said to be changed stays changed.
  when_durable([this, asker = asker, body] { reply(asker, body); });
}

void Admin::look_up_to_now(Look wanted) {
  when_durable([this, wanted = std::move(wanted)] { look(wanted); });
}

void Admin::when_durable(std::function<void()> act) {
  const core::JournalSequence last = around_.commits.last();
  if (around_.commits.durable() >= last) return act();
  around_.commits.hurry();
  waiting_.emplace_back(last, std::move(act));
}

void Admin::go_on_with_what_is_durable() {
  while (!waiting_.empty() && waiting_.front().first <= around_.commits.durable()) {
    const auto act = std::move(waiting_.front().second);
    waiting_.pop_front();
    act();
  }
}

void Admin::look(Look look) {
  ++looks_;
  around_.reader.look([this, look = std::move(look)](journal::Journal& journal) -> Answer {
    return [this, answer = look(journal)] {
      --looks_;
      answer();
    };
  });
}

void Admin::reply(Asker asker, std::string_view body) {
  around_.outbox.add(asker.peer, wire::AdminReply{asker.request, wire::ErrorCode::none, body});
}

void Admin::refuse(Asker asker, wire::ErrorCode code, std::string_view text) {
  around_.outbox.add(asker.peer, wire::AdminReply{asker.request, code, text});
}

}  // namespace zcrew::router
