// Messages to peers, and a whole step's effects.
#include "print.h"
#include "wire/runs.h"
#include "words.h"

namespace zcrew::scenarios {
namespace {

std::string ms_text(std::uint64_t ms) {
  return to_text(std::chrono::duration_cast<Duration>(Milliseconds{static_cast<std::int64_t>(ms)}));
}

std::string number_text(const char* name, std::uint64_t value) {
  return std::string(" ") + name + "=" + std::to_string(value);
}

std::string code_text(wire::ErrorCode code) {
  const std::string_view name = wire::name_of(code);
  return std::to_string(static_cast<unsigned>(code)) + " " + std::string(name);
}

struct MessageText {
  std::string operator()(const wire::ClientWelcome& m) const {
    return "welcome" + number_text("epoch", m.epoch) + " heartbeat=" + ms_text(m.heartbeat_ms) +
           number_text("liveness", m.liveness) + number_text("last_batch", m.last_batch) +
           number_text("window_jobs", m.window_jobs) + number_text("window_bytes", m.window_bytes) +
           number_text("payload_bytes_max", m.payload_bytes_max);
  }
  std::string operator()(const wire::WorkerWelcome& m) const {
    std::string text = "welcome" + number_text("epoch", m.epoch) +
                       " heartbeat=" + ms_text(m.heartbeat_ms) +
                       number_text("liveness", m.liveness) +
                       number_text("concurrency", m.concurrency) + " queues=";
    const char* comma = "";
    for (const wire::QueueName& queue : m.queues) {
      text += comma + std::to_string(queue.number) + ":" + std::string(queue.name);
      comma = ",";
    }
    comma = " abandon=";
    for (const Token& token : m.abandon) {
      text += comma + scenarios::to_text(token);
      comma = ",";
    }
    return text;
  }
  std::string operator()(const wire::Confirm& m) const {
    std::string text = "confirm " + std::to_string(m.batch) + "[" + std::to_string(m.index);
    if (m.count != 1) text += ".." + std::to_string(m.index + m.count - 1);
    text += "] " + zcrew::to_text(m.first);
    if (m.count != 1) text += ".." + std::to_string(m.first.sequence + m.count - 1);
    return text;
  }
  std::string operator()(const wire::JobResult& m) const {
    std::string text = "result " + std::to_string(m.batch) + "[" + std::to_string(m.index) + "] " +
                       zcrew::to_text(m.job) + " " + std::string(to_text(m.end)) +
                       number_text("attempts", m.attempts);
    if (!m.worker.empty()) text += " worker=" + std::string(m.worker);
    if (!m.reason.empty()) text += " reason=" + std::string(m.reason);
    return text + " " + quoted(m.bytes);
  }
  std::string operator()(const wire::RunItem& m) const {
    std::string text = "run " + scenarios::to_text(m.token) + number_text("attempt", m.attempt);
    if (m.time_limit_ms != 0) text += " time_limit=" + ms_text(m.time_limit_ms);
    return text + " " + quoted(m.payload);
  }
  std::string operator()(const wire::TokenRun& m) const {
    std::string text = "settled " + scenarios::to_text(m.first);
    if (m.count == 1) return text;
    const Token last = wire::behind(m.first, m.count - 1);
    return text.insert(text.find('#'), ".." + std::to_string(last.job.sequence));
  }
  std::string operator()(const wire::Refused& m) const {
    std::string text = "refused " + std::to_string(m.batch) + " " + code_text(m.code);
    if (m.retry_after_ms != 0) text += " retry_after=" + ms_text(m.retry_after_ms);
    text += number_text("last_batch", m.last_batch) + " \"" + std::string(m.text) + "\"";
    for (const wire::ItemError& item : m.items) {
      text += " [" + std::to_string(item.index) + "]=" + code_text(item.code);
    }
    return text;
  }
  std::string operator()(const wire::Error& m) const {
    return "error " + code_text(m.code) + " \"" + std::string(m.text) + "\"";
  }
  std::string operator()(const wire::Capacity& m) const {
    return "capacity" + number_text("weight", m.weight) + number_text("concurrency", m.concurrency);
  }
  std::string operator()(const wire::Recall& m) const {
    std::string text = "recall";
    for (const Token& token : m.tokens) text += " " + scenarios::to_text(token);
    return text;
  }
  std::string operator()(const wire::Heartbeat& m) const {
    if (m.coming_bytes == 0) return "heartbeat";
    return "heartbeat" + number_text("coming_bytes", m.coming_bytes);
  }
  std::string operator()(const wire::Bye&) const { return "bye"; }
  std::string operator()(const core::ToGuideWorker& m) const {
    return "guide-run " + scenarios::to_text(m.token) + " " + quoted(m.body);
  }
  std::string operator()(const core::GuideBeat& m) const {
    return m.spelling == wire::GuideSpelling::byte ? "guide-heartbeat 02"
                                                   : "guide-heartbeat HEARTBEAT";
  }
  std::string operator()(const core::ToGuideClient& m) const {
    return "guide-reply " + quoted(m.body);
  }
};

}  // namespace

std::string Printer::message(const core::Message& message) const {
  return names_->readable(std::visit(MessageText{}, message));
}

std::string Printer::effects(const core::Effects& effects, core::JournalSequence first) const {
  std::string text;
  for (const core::Note& note : effects.notes) {
    text += "note   " + std::string(to_text(note.kind)) + ": " + names_->readable(note.text) + "\n";
  }
  for (const core::Record& record : effects.records) {
    for (const std::string& each : texts(record)) {
      text += "record #" + std::to_string(first++) + " " + each + "\n";
    }
  }
  for (const core::Read& read : effects.reads) text += "read   " + this->read(read) + "\n";
  for (const core::Send& send : effects.sends) {
    text += "send   " + names_->text(send.peer) + " " + message(send.message) + "\n";
  }
  for (const core::CommandReply& reply : effects.replies) {
    text += "reply  " + std::to_string(static_cast<std::uint64_t>(reply.request)) + " " +
            code_text(reply.code) + number_text("count", reply.count);
    if (!reply.text.empty()) text += " \"" + reply.text + "\"";
    text += "\n";
  }
  return text;
}

std::string Printer::report(const core::Report& report) const {
  std::string text = "report epoch=" + std::to_string(report.epoch) + " " +
                     counts_text(report.totals) + " sessions=" + std::to_string(report.sessions);
  if (report.recovering) text += " recovering";
  if (report.full) text += " full";
  text += "\nreport counters " + counters_text(report.counters) + "\n";
  for (const core::QueueReport& queue : report.queues) {
    text += "report queue " + std::to_string(queue.number) + " " + settings_text(queue.settings) +
            ": " + counts_text(queue.counts) + "\n";
  }
  for (const core::WorkerReport& worker : report.workers) {
    text += "report worker " + worker.name + " (" + names_->text(worker.instance) + ") " +
            worker.dialect + " " + worker.state + number_text("weight", worker.weight) +
            number_text("concurrency", worker.concurrency) + number_text("held", worker.held) +
            number_text("done", worker.done) + number_text("failed", worker.failed) +
            number_text("speed", worker.speed_permille) +
            number_text("service_us", worker.service_us) +
            number_text("round_trip_us", worker.round_trip_us) + " queues=";
    const char* comma = "";
    for (const std::string& queue : worker.queues) {
      text += comma + queue;
      comma = ",";
    }
    text += "\n";
  }
  return text;
}

}  // namespace zcrew::scenarios
