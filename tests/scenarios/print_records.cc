// Records, reads, the world's own events, and what is recovered.
#include "print.h"
#include "words.h"

namespace zcrew::scenarios {
namespace {

std::string ids_text(const std::vector<JobId>& ids) {
  std::string text;
  for (const JobId& id : ids) text += " " + zcrew::to_text(id);
  return text;
}

std::string place_text(core::Place place, WallTime due, const Printer& printer) {
  std::string text(to_text(place));
  if (due != WallTime{}) text += " due=" + printer.time(due);
  return text;
}

std::string held_text(const core::PutHeld& held, const Printer& printer) {
  std::string text = to_text(held.token) + " by=" + printer.names().text(held.instance) +
                     " since=" + printer.time(held.since) +
                     " attempt=" + std::to_string(held.attempt);
  if (held.lease_end != WallTime{}) text += " lease_end=" + printer.time(held.lease_end);
  return text;
}

std::string origin_text(const core::Origin& origin, const Names& names) {
  return names.text(origin.session) + "/" + std::to_string(origin.batch) + "[" +
         std::to_string(origin.index) + "]";
}

struct RecordText {
  const Printer& printer;

  std::string operator()(const core::PutJob& r) const {
    std::string text = "put " + zcrew::to_text(r.id);
    if (r.due != WallTime{}) text += " due=" + printer.time(r.due);
    return text + printer.header(r.header) + " " + quoted(r.payload.view());
  }
  std::string operator()(const core::RemoveJob& r) const {
    std::string text =
        "remove " + zcrew::to_text(r.id) + " from " + place_text(r.place, r.due, printer);
    if (r.cancels != 0) text += " cancels #" + std::to_string(r.cancels);
    return text;
  }
  std::string operator()(const core::MoveToLater& r) const {
    return "to-later " + zcrew::to_text(r.id) + " due=" + printer.time(r.due) +
           printer.header(r.header) + printer.entry(r.entry);
  }
  std::string operator()(const core::MoveToReady& r) const {
    return "to-ready " + zcrew::to_text(r.id) + " due=" + printer.time(r.due);
  }
  std::string operator()(const core::MoveToDead& r) const {
    return "to-dead " + zcrew::to_text(r.id) + " from " + place_text(r.place, r.due, printer) +
           " reason=" + r.reason + " died=" + printer.time(r.died_at) + printer.header(r.header) +
           printer.entry(r.entry);
  }
  std::string operator()(const core::Redrive& r) const {
    return "redrive " + zcrew::to_text(r.id) + printer.header(r.header) + printer.entry(r.entry);
  }
  std::string operator()(const core::UpdateJob& r) const {
    return "update " + zcrew::to_text(r.id) + printer.header(r.header) + printer.entry(r.entry);
  }
  std::string operator()(const core::PutHeld& r) const {
    return "put-held " + held_text(r, printer);
  }
  std::string operator()(const core::RemoveHeld& r) const {
    return "remove-held " + zcrew::to_text(r.id);
  }
  std::string operator()(const core::PutInstance& r) const {
    return "put-instance " + printer.names().text(r.instance) + " name=" + r.name +
           " seen=" + printer.time(r.last_seen);
  }
  std::string operator()(const core::RemoveInstance& r) const {
    return "remove-instance " + printer.names().text(r.instance);
  }
  std::string operator()(const core::RemoveSession& r) const {
    return "remove-session " + printer.names().text(r.session);
  }
  std::string operator()(const core::PutResult& r) const {
    std::string text = "put-result " + zcrew::to_text(r.id) + " " + std::string(to_text(r.end)) +
                       " attempts=" + std::to_string(r.attempts) +
                       " origin=" + origin_text(r.origin, printer.names());
    if (!r.worker.empty()) text += " worker=" + r.worker;
    if (!r.reason.empty()) text += " reason=" + r.reason;
    return text + " expires=" + printer.time(r.expires_at) + " " + quoted(r.bytes.view());
  }
  std::string operator()(const core::RemoveResult& r) const {
    std::string text = "remove-result " + zcrew::to_text(r.id);
    if (r.cancels != 0) text += " cancels #" + std::to_string(r.cancels);
    return text;
  }
  std::string operator()(const core::PutQueue& r) const {
    return "put-queue " + std::to_string(r.number) + " " + settings_text(r.settings);
  }
  std::string operator()(const core::ReserveSequences& r) const {
    return "reserve-sequences below " + std::to_string(r.limit);
  }
};

struct ReadText {
  const Printer& printer;

  std::string operator()(const core::ReadReady& r) const {
    return "ready q" + std::to_string(r.queue) + "p" + std::to_string(r.priority) +
           " after=" + std::to_string(r.after) + " before=" + std::to_string(r.before) +
           " jobs_max=" + std::to_string(r.jobs_max) + " bytes_max=" + std::to_string(r.bytes_max);
  }
  std::string operator()(const core::ReadLater& r) const {
    return "later after=" + printer.time(r.after_due) + "/" + zcrew::to_text(r.after_id) +
           " until=" + printer.time(r.until) + " jobs_max=" + std::to_string(r.jobs_max);
  }
  std::string operator()(const core::LoadJobs& r) const {
    return "jobs request=" + std::to_string(r.request) + ids_text(r.jobs);
  }
  std::string operator()(const core::LoadPayload& r) const {
    return "payload " + zcrew::to_text(r.id) + " in " + std::string(to_text(r.place));
  }
  std::string operator()(const core::LoadResults& r) const {
    return "results request=" + std::to_string(r.request) + ids_text(r.jobs);
  }
};

// Neighbours in one place are one entry: q1p5n7..9(ready).
std::string loaded_text(const std::vector<core::LoadedJob>& jobs, const Printer& printer) {
  std::string text;
  for (std::size_t i = 0; i < jobs.size();) {
    const core::LoadedJob& first = jobs[i];
    Sequence last = first.id.sequence;
    for (++i; i < jobs.size(); ++i, ++last) {
      const bool follows = jobs[i].id == JobId{first.id.queue, first.id.priority, last + 1};
      if (!follows || jobs[i].place != first.place || jobs[i].due != first.due) break;
    }
    text += " " + zcrew::to_text(first.id);
    if (last != first.id.sequence) text += ".." + std::to_string(last);
    text += "(" + place_text(first.place, first.due, printer) + ")";
  }
  return text;
}

struct EventText {
  const Printer& printer;

  std::string operator()(const core::Durable& e) const {
    return "durable #" + std::to_string(e.sequence);
  }
  std::string operator()(const core::ReadyPage& e) const {
    std::string text = "page q" + std::to_string(e.queue) + "p" + std::to_string(e.priority) +
                       " after=" + std::to_string(e.after) + loaded_text(e.jobs, printer);
    if (e.reached_end) text += " end";
    return text + " as_of=#" + std::to_string(e.as_of);
  }
  std::string operator()(const core::LaterPage& e) const {
    std::string text = "later-page" + loaded_text(e.jobs, printer);
    if (e.reached_end) text += " end";
    return text + " as_of=#" + std::to_string(e.as_of);
  }
  std::string operator()(const core::JobsLoaded& e) const {
    return "jobs-loaded request=" + std::to_string(e.request) + loaded_text(e.jobs, printer) +
           " as_of=#" + std::to_string(e.as_of);
  }
  std::string operator()(const core::PayloadLoaded& e) const {
    return "payload-loaded " + zcrew::to_text(e.id) + (e.found ? "" : " not found");
  }
  std::string operator()(const core::ResultsLoaded& e) const {
    std::string text = "results-loaded request=" + std::to_string(e.request);
    for (const core::LoadedResult& result : e.results) {
      text += " " + zcrew::to_text(result.id) + "(" +
              std::string(result.found ? to_text(result.result.end) : to_text(result.place)) + ")";
    }
    return text + " as_of=#" + std::to_string(e.as_of);
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return "event";
  }
};

}  // namespace

std::string Printer::time(WallTime time) const {
  if (time == WallTime{}) return "never";
  if (time == WallTime::max()) return "ever";
  return scenarios::to_text(std::chrono::duration_cast<Duration>(time - start_));
}

std::string Printer::header(const core::JobHeader& header) const {
  std::string text = " at=" + time(header.accepted_at);
  const auto add = [&text](const char* name, std::uint64_t value) {
    if (value != 0) text += std::string(" ") + name + "=" + std::to_string(value);
  };
  add("attempts_max", header.attempts_max);
  add("failures", header.failures);
  add("crashes", header.crashes);
  if (header.handouts != 0 || header.handout_epoch != 0) {
    text +=
        " ended=#" + std::to_string(header.handouts) + "@" + std::to_string(header.handout_epoch);
  }
  add("backoff_ms", header.backoff_ms);
  add("time_limit_ms", header.time_limit_ms);
  if (header.expires_at != WallTime{}) text += " expires=" + time(header.expires_at);
  if (header.at_most_once) text += " at_most_once";
  if (header.result != wire::ResultMode::none) {
    text += " result=" + std::string(to_text(header.result)) +
            " origin=" + origin_text(header.origin, *names_);
  }
  return text;
}

std::string Printer::entry(const core::HistoryEntry& entry) const {
  if (entry.event.empty()) return "";
  std::string text =
      " [" + time(entry.at) + " attempt " + std::to_string(entry.attempt) + " " + entry.event;
  if (!entry.worker.empty()) text += " by " + entry.worker;
  if (!entry.text.empty()) text += ": " + entry.text;
  return names_->readable(text) + "]";
}

std::string Printer::session(const core::PutSession& session) const {
  std::string text = names_->text(session.session) + " last=" + std::to_string(session.last_batch) +
                     " seen=" + time(session.last_seen);
  for (const core::BatchRun& run : session.runs) {
    text += " " + std::to_string(run.batch) + "[" + std::to_string(run.index) + "+" +
            std::to_string(run.count) + "]=" + zcrew::to_text(run.first);
  }
  return text;
}

std::vector<std::string> Printer::texts(const core::Record& record) const {
  const RecordText one{*this};
  return std::visit(
      [&]<typename T>(const T& r) {
        std::vector<std::string> texts;
        if constexpr (std::is_same_v<T, core::PutJobs>) {
          for (std::size_t i = 0; i < r.count(); ++i) texts.push_back(one(r.job(i)));
        } else if constexpr (std::is_same_v<T, core::RemoveJobs>) {
          for (std::uint32_t i = 0; i < r.count; ++i) texts.push_back(one(r.job(i)));
        } else {
          texts.push_back(one(r));
        }
        return texts;
      },
      record);
}

std::string Printer::read(const core::Read& read) const {
  return std::visit(ReadText{*this}, read);
}

std::string Printer::event(const core::Event& event) const {
  return std::visit(EventText{*this}, event);
}

std::string Printer::dead(const journal::DeadLetter& letter) const {
  std::string text = "dead " + zcrew::to_text(letter.id) + " reason=" + letter.reason +
                     " died=" + time(letter.died_at) + header(letter.header);
  for (const core::HistoryEntry& line : letter.history) text += "\n    " + entry(line).substr(1);
  return text;
}

std::string Printer::recovered(const core::Recovered& recovered) const {
  std::string text = "recovered epoch=" + std::to_string(recovered.epoch) +
                     " sequence=" + std::to_string(recovered.sequence_limit) +
                     " counters: " + counters_text(recovered.counters) + "\n";
  for (const auto& queue : recovered.queues) {
    text += "recovered queue " + std::to_string(queue.number) + " " +
            settings_text(queue.settings) + ": " + counts_text(queue.counts) + "\n";
  }
  for (const auto& instance : recovered.instances) {
    text += "recovered instance " + names_->text(instance.instance) + " name=" + instance.name +
            " seen=" + time(instance.last_seen) + "\n";
  }
  for (const auto& held : recovered.held) text += "recovered held " + held_text(held, *this) + "\n";
  for (const auto& session : recovered.sessions) {
    text += "recovered session " + this->session(session) + "\n";
  }
  for (const JobId& id : recovered.results) {
    text += "recovered result " + zcrew::to_text(id) + "\n";
  }
  return text;
}

}  // namespace zcrew::scenarios
