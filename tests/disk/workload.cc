#include "workload.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <utility>

namespace zcrew::test {

Step Workload::next() {
  ++steps_;
  // One producer session, whose record goes with every step.
  author_.set_sessions({{uuid_of(7), steps_, from_ms(steps_), {{steps_, 0, 1, {1, 0, steps_}}}}});
  Step step = author_.step(history_.step(author_.last() + 1 - numbered_before_));
  step.totals.counters.confirmed = steps_;
  return step;
}

void Workload::restart(std::uint64_t seed) {
  history_.restart(seed);
  numbered_before_ = author_.last();
}

std::uint64_t steps_of(const core::Recovered& recovered) { return recovered.counters.confirmed; }

// ---- contents ----

namespace {

std::string text_of(std::string_view bytes) {
  return fmt::format("{} bytes {:016x}", bytes.size(), XXH3_64bits(bytes.data(), bytes.size()));
}

std::string text_of(const core::JobHeader& header) {
  return fmt::format("accepted {} expires {} failures {}/{} crashes {} handouts {}/{} backoff {}",
                     to_ms(header.accepted_at), to_ms(header.expires_at), header.failures,
                     header.attempts_max, header.crashes, header.handouts, header.handout_epoch,
                     header.backoff_ms);
}

constexpr QueueNumber queues = 3;
constexpr Priority priorities = 10;

void add_jobs(Contents& contents, journal::Journal& journal,
              const std::vector<core::LoadedJob>& jobs) {
  for (const core::LoadedJob& job : jobs) {
    const core::PayloadLoaded payload = journal.load_payload({job.id, job.place});
    contents["job " + to_text(job.id)] =
        fmt::format("in {} due {}, {}, payload {}", static_cast<int>(job.place), to_ms(job.due),
                    text_of(job.header), text_of(payload.payload.view()));
  }
}

void add_dead(Contents& contents, const journal::DeadPage& page) {
  for (const journal::DeadLetter& letter : page.letters) {
    std::string& text = contents["dead " + to_text(letter.id)];
    text = fmt::format("{} at {}, {}, {} bytes", letter.reason, to_ms(letter.died_at),
                       text_of(letter.header), letter.payload_bytes);
    for (const core::HistoryEntry& entry : letter.history)
      text += fmt::format("; {} {} {} {}", to_ms(entry.at), entry.event, entry.worker,
                          text_of(entry.text));
  }
}

void add_results(Contents& contents, journal::Journal& journal, const std::vector<JobId>& ids) {
  for (const core::LoadedResult& result : journal.load_results({1, ids}).results)
    contents["result " + to_text(result.id)] =
        fmt::format("{} end {} expires {} {}", result.found, static_cast<int>(result.result.end),
                    to_ms(result.result.expires_at), text_of(result.result.bytes.view()));
}

void add_tables(Contents& contents, const core::Recovered& recovered) {
  for (const auto& queue : recovered.queues)
    contents[fmt::format("queue {}", queue.number)] =
        fmt::format("{}: ready {} later {} dead {} bytes {}", queue.settings.name,
                    queue.counts.ready + queue.counts.held, queue.counts.later, queue.counts.dead,
                    queue.counts.bytes);
  for (const auto& instance : recovered.instances)
    contents["instance " + to_text(instance.instance)] =
        fmt::format("{} {}", instance.name, to_ms(instance.last_seen));
  for (const auto& held : recovered.held)
    contents["held " + to_text(held.token.job)] = fmt::format("attempt {}", held.attempt);
  for (const auto& session : recovered.sessions)
    contents["session " + to_text(session.session)] =
        fmt::format("batch {} seen {} runs {}", session.last_batch, to_ms(session.last_seen),
                    session.runs.size());
  const core::Counters& counters = recovered.counters;
  contents["counters"] = fmt::format("accepted {} done {} removed {} steps {}", counters.accepted,
                                     counters.done, counters.removed, counters.confirmed);
}

}  // namespace

Contents contents_of(journal::Journal& journal, const core::Recovered& recovered) {
  Contents contents;
  add_tables(contents, recovered);
  for (QueueNumber queue = 1; queue <= queues; ++queue)
    for (Priority priority = 0; priority < priorities; ++priority)
      add_jobs(contents, journal,
               journal.read_ready({queue, priority, 0, 0, UINT32_MAX, SIZE_MAX}).jobs);
  add_jobs(contents, journal, journal.read_later({{}, {}, from_ms(1U << 30U), UINT32_MAX}).jobs);
  add_dead(contents, journal.read_dead(0, {}, UINT32_MAX));
  add_results(contents, journal, recovered.results);
  contents["expiries"] =
      fmt::format("{}", journal.expired_results(from_ms(1U << 30U), UINT32_MAX).size());
  return contents;
}

std::string difference(const Contents& found, const Contents& expected) {
  if (found == expected) return {};
  for (const auto& [name, text] : expected) {
    const auto there = found.find(name);
    if (there == found.end()) return name + " is missing: " + text;
    if (there->second != text) return name + " is " + there->second + ", not " + text;
  }
  for (const auto& [name, text] : found)
    if (expected.count(name) == 0) return name + " should not be there: " + text;
  return {};
}

// ---- the model ----

const Contents& Expected::after(std::uint64_t steps) {
  if (of_ == steps) return contents_;
  while (workload_.steps() < steps) {
    Step step = workload_.next();
    journal::Batch batch;
    for (core::Record& record : step.records) batch.add(std::move(record));
    batch.totals = std::move(step.totals);
    model_.commit(batch);
  }
  journal::MemoryJournal copy(model_.state());
  contents_ = contents_of(copy, copy.open());
  of_ = steps;
  return contents_;
}

}  // namespace zcrew::test
