#include "submission.h"

#include <fmt/format.h>

#include <cstdio>

#include "admin.h"
#include "signals.h"
#include "wire/errors.h"
#include "zcrew/error.h"

namespace zcrew::tool {

using std::chrono::milliseconds;

namespace {

// How long one wait for an event or for room in the window may take: the pace at which signals,
// deadlines and the progress line are looked at.
constexpr milliseconds pace{100};

// Jobs that may be under way with --wait, so that an endless input does not fill the memory.
constexpr std::uint64_t under_way_max = 1000000;

// A router that is there answers sooner; one that is not is worth a line.
constexpr milliseconds quiet_for{500};

// After Ctrl-C, confirmations already on their way still count.
constexpr milliseconds last_call{1000};

std::string cure_of(int code) {
  switch (static_cast<wire::ErrorCode>(code)) {
    case wire::ErrorCode::queue_full:
      return "Start more workers, resume the queue if it is paused, or raise its --max-ready";
    case wire::ErrorCode::journal_full:
      return "Free space on the router's disk, or start workers: finished jobs make room";
    default:
      return "It is stopping: start it again";
  }
}

}  // namespace

void Complaints::add(const std::string& text) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(text);
}

std::vector<std::string> Complaints::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

void Complaints::add_skipped(const SkippedFile& file) {
  any_skipped_ = true;
  const std::lock_guard lock(mutex_);
  skipped_.push_back(file);
}

std::vector<SkippedFile> Complaints::take_skipped() {
  const std::lock_guard lock(mutex_);
  return std::exchange(skipped_, {});
}

Feeder::Feeder(Client& client, Source& source, Job job)
    : client_(client), source_(source), job_(std::move(job)), thread_([this] { feed(); }) {}

Feeder::~Feeder() {
  stop();
  thread_.join();
}

void Feeder::stop() noexcept {
  stopped_ = true;
  wakeup_.signal();
}

std::optional<std::string> Feeder::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Feeder::feed() {
  try {
    while (!stopped_ && source_.next(job_.payload, wakeup_)) {
      if (!hand_over(job_)) break;
    }
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    failure_ = error.what();
  }
  ended_ = true;
}

bool Feeder::hand_over(const Job& job) {
  while (!stopped_) {
    if (job.wants_result && submitted_ - settled_ >= under_way_max) {
      const int stop = wakeup_.fd();
      net::poll({}, {&stop, 1}, pace);
    } else if (client_.submit(job, pace)) {
      ++submitted_;
      return true;
    }
  }
  return false;
}

Submission::Submission(const SubmitSettings& settings, Source& source, Complaints& complaints)
    : settings_(settings),
      source_(source),
      complaints_(complaints),
      client_(ClientOptions{.router = settings.link.endpoint, .name = {}}),
      report_(
          settings.report, source, [this](std::string_view bytes) { out_.write(bytes); },
          [this](const std::string& text) { complaints_.add(text); }),
      progress_(!settings.quiet),
      feeder_(client_, source, settings.job) {}

int Submission::run() {
  const StopSignals signals(
      [this] {
        interrupted_ = true;
        out_.hurry();
        feeder_.stop();
      },
      StopSignals::Second::kills);
  std::optional<int> code;
  while (!(code = verdict())) turn();
  return finish(*code);
}

void Submission::turn() {
  for (auto event = client_.next(pace); event; event = client_.next(milliseconds{0})) {
    take(*event);
  }
  feeder_.set_settled(report_.settled());
  watch_link();
  show();
}

void Submission::take(const ClientEvent& event) {
  std::visit(
      [this](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, LinkUp>) {
          take_link(true, "");
        } else if constexpr (std::is_same_v<What, LinkDown>) {
          take_link(false, what.why);
        } else if constexpr (std::is_same_v<What, HeldBack>) {
          take_held_back(what);
        } else {
          report_.take(what);
        }
      },
      event);
}

void Submission::take_link(bool up, const std::string& why) {
  if (up) {
    if (told_down_) complaints_.add("the router is there again");
    told_down_ = false;
    was_up_ = true;
    down_since_.reset();
    return;
  }
  if (!down_since_) down_since_ = Clock::now();
  why_down_ = why;
}

void Submission::take_held_back(const HeldBack& event) {
  const std::uint64_t confirmed = report_.counts().confirmed;
  const bool goes_on = held_since_ && confirmed == confirmed_when_held_;
  if (!held_since_ || event.code != held_.code) {
    complaints_.add(fmt::format("waiting: the router has no room for more jobs now ({}). {}",
                                event.text, cure_of(event.code)));
  }
  if (!goes_on) held_since_ = Clock::now();
  held_ = event;
  confirmed_when_held_ = confirmed;
}

void Submission::watch_link() {
  if (!down_since_ || told_down_) return;
  if (why_down_.empty() && Clock::now() - *down_since_ < quiet_for) return;
  told_down_ = true;
  complaints_.add(trying_text(settings_.link, why_down_));
}

void Submission::show() {
  for (const auto& file : complaints_.take_skipped()) report_.take(file);
  const auto texts = complaints_.take();
  progress_.clear_for(!texts.empty() || out_.has_bytes());
  out_.flush();
  for (const auto& text : texts) complain(text);
  progress_.draw(share(), counts_text());
}

// Of the whole input: what is read of it, times what is settled of that.
std::optional<double> Submission::share() const {
  const auto read = source_.share();
  if (!read || feeder_.submitted() == 0) return read;
  return *read * static_cast<double>(report_.settled()) / static_cast<double>(feeder_.submitted());
}

bool Submission::all_settled() const {
  return feeder_.ended() && report_.settled() >= feeder_.submitted();
}

// The exit code, once the run is over.
std::optional<int> Submission::verdict() {
  const auto now = Clock::now();
  if (interrupted_ && !interrupted_at_) interrupted_at_ = now;
  const auto& counts = report_.counts();
  if (interrupted_at_) {
    const bool heard_all = counts.confirmed + counts.refused >= feeder_.submitted();
    if (heard_all || now - *interrupted_at_ >= last_call) return 128 + 2;
    return std::nullopt;
  }
  if (all_settled()) {
    if (feeder_.failure() || complaints_.any_skipped()) return exit_code::io_error;
    if (counts.refused > 0) return exit_code::refused;
    return counts.not_done > 0 ? exit_code::job_failed : exit_code::ok;
  }
  const auto timeout = settings_.link.timeout;
  if (down_since_ && timeout > milliseconds{0} && now - *down_since_ >= timeout) {
    return exit_code::unreachable;
  }
  const bool stuck = held_since_ && counts.confirmed == confirmed_when_held_;
  if (stuck && timeout > milliseconds{0} && now - *held_since_ >= timeout) {
    const bool stops = held_.code == static_cast<int>(wire::ErrorCode::shutting_down);
    return stops ? exit_code::unreachable : exit_code::queue_full;
  }
  const auto limit = settings_.wait_limit;
  if (limit > milliseconds{0} && now - start_ >= limit) return exit_code::timeout;
  return std::nullopt;
}

std::string Submission::counts_text() const {
  const auto& counts = report_.counts();
  std::string text =
      fmt::format("submitted {}, confirmed {}", feeder_.submitted(), counts.confirmed);
  if (settings_.report.wait) text += fmt::format(", done {}", counts.done);
  if (counts.not_done > 0) text += fmt::format(", not done {}", counts.not_done);
  if (counts.refused > 0) text += fmt::format(", refused {}", counts.refused);
  return text;
}

// Why it ended before all was settled; empty if that is not so.
std::string Submission::last_word(int code) const {
  const std::string timeout = duration_text(settings_.link.timeout);
  const char* unsafe = "Jobs that are not confirmed may be lost: submit them again";
  if (interrupted_at_) return "interrupted. Confirmed jobs are safe and go on without this command";
  if (code == exit_code::unreachable && down_since_) {
    return fmt::format(
        "{}. {}",
        gave_up_text(settings_.link, told_down_ ? std::nullopt : std::optional(why_down_)), unsafe);
  }
  if (code == exit_code::unreachable || code == exit_code::queue_full) {
    return fmt::format("gave up: the router had no room for {} ({}). {}. {}", timeout, held_.text,
                       cure_of(held_.code), unsafe);
  }
  if (code == exit_code::timeout) {
    return fmt::format(
        "not all results came within {}. Confirmed jobs go on without this command; "
        "give it longer with --wait-limit",
        duration_text(settings_.wait_limit));
  }
  return {};
}

// After an interrupt: what standard output takes within the last call is printed, and the rest is
// counted, so that nobody takes what is there for all.
void Submission::offer_rest() {
  if (!interrupted_at_) return;
  progress_.clear();
  out_.flush_for(std::chrono::ceil<milliseconds>(*interrupted_at_ + last_call - Clock::now()));
  const std::uint64_t lines = out_.drop_rest();
  if (lines == 0) return;
  complaints_.add(
      fmt::format("{} line{} not printed, because standard output took no more: read it "
                  "faster, or redirect it to a file",
                  lines, lines == 1 ? " was" : "s were"));
}

int Submission::finish(int code) {
  feeder_.stop();
  if (const std::string word = last_word(code); !word.empty()) complaints_.add(word);
  if (const auto failure = feeder_.failure()) complaints_.add(*failure);
  offer_rest();
  show();
  progress_.clear();
  if (!settings_.quiet) std::fprintf(stderr, "%s\n", counts_text().c_str());
  return code;
}

}  // namespace zcrew::tool
