#include "worker/command_run.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/clock.h"

namespace zcrew::worker {
namespace {

constexpr int rejected_code = 100;
constexpr int released_code = 111;

// A command that gives its job back knows of nothing that could make it work at once, and an idle
// pool would hand it out again thousands of times a second.
constexpr std::chrono::seconds released_wait{1};

// How often a run that says nothing looks whether it was abandoned, and for its end where the
// system does not report it.
constexpr Duration look_around = Milliseconds{200};
constexpr Duration look_for_end = Milliseconds{10};

// A job that was taken away has no answer to give, so it need not end nicely for long.
constexpr Duration abandoned_grace = std::chrono::seconds{1};

constexpr std::size_t read_bytes = std::size_t{64} << 10U;

std::string seconds_text(std::chrono::milliseconds time) {
  const auto ms = time.count();
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) {
    std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + " s";
}

void block_sigpipe() {
  // A command that does not read its stdin is not an error; EPIPE tells us, without the signal.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

CommandRun::CommandRun(const CommandOptions& options, const Attempt& attempt, Child child,
                       const Guardian& guardian)
    : options_(options),
      attempt_(attempt),
      guardian_(guardian),
      child_(std::move(child)),
      input_left_(attempt.payload),
      errors_(attempt.id, options.log) {
  block_sigpipe();
  if (attempt.time_limit.count() > 0) limit_ = net::read_clocks().mono + attempt.time_limit;
  feed();
}

CommandRun::~CommandRun() {
  if (child_.pid >= 0) end_group();
}

// Nothing of the group runs any more; its leader's status as of wait(2).
int CommandRun::end_group() {
  kill_group(child_, SIGKILL);
  guardian_.forget(child_.pid);
  return wait_for(child_);
}

Answer CommandRun::finish() {
  while (!has_ended(child_)) exchange();
  // First what it started, which may hold the pipes open, then what is in the pipes.
  kill_group(child_, SIGKILL);
  collect();
  errors_.finish();
  return answer(end_group());
}

// Waits for something to happen, and deals with it.
void CommandRun::exchange() {
  std::array<pollfd, 4> items = {{{child_.output.number(), POLLIN, 0},
                                  {child_.errors.number(), POLLIN, 0},
                                  {child_.exit.number(), POLLIN, 0},
                                  {child_.input.number(), POLLOUT, 0}}};
  const auto wait = std::chrono::ceil<Milliseconds>(patience(net::read_clocks().mono));
  poll(items.data(), items.size(), static_cast<int>(wait.count()));
  if (items[3].revents != 0) feed();
  if (items[0].revents != 0) read_some(child_.output);
  if (items[1].revents != 0) read_some(child_.errors);
  judge(net::read_clocks().mono);
}

void CommandRun::feed() {
  while (child_.input.is_open() && !input_left_.empty()) {
    const auto written = write(child_.input.number(), input_left_.data(), input_left_.size());
    if (written >= 0) {
      input_left_.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      break;  // EPIPE: it does not want more
    }
  }
  child_.input.close();
}

// What is left in the pipes of a command that has ended. Somebody who left its process group may
// write for ever, so not until the end of file, and only so often.
void CommandRun::collect() {
  const std::size_t rounds = options_.result_bytes_max / read_bytes + 16;
  for (std::size_t i = 0; i < rounds && read_some(child_.output); ++i) {
  }
  for (std::size_t i = 0; i < 16 && read_some(child_.errors); ++i) {
  }
}

// False if nothing was there to read.
bool CommandRun::read_some(Descriptor& from) {
  if (!from.is_open()) return false;
  std::array<char, read_bytes> buffer;
  const auto got = read(from.number(), buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR;
  if (got == 0) {
    from.close();
    return false;
  }
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  if (&from == &child_.output) {
    take_output(bytes);
  } else {
    errors_.take(bytes);
  }
  return true;
}

void CommandRun::take_output(std::string_view bytes) {
  if (fate_ == Fate::too_much) return;
  if (output_.size() + bytes.size() <= options_.result_bytes_max) {
    output_.append(bytes);
    return;
  }
  output_ = {};
  begin_end(Fate::too_much, net::read_clocks().mono, Duration::zero());
}

void CommandRun::judge(Instant now) {
  if (fate_ == Fate::own && now >= limit_) begin_end(Fate::timed_out, now, options_.grace);
  if (fate_ == Fate::own && attempt_.abandoned && attempt_.abandoned()) {
    begin_end(Fate::abandoned, now, abandoned_grace);
  }
  if (now < kill_at_) return;
  kill_group(child_, SIGKILL);
  kill_at_ = Instant::max();
}

void CommandRun::begin_end(Fate fate, Instant now, Duration grace) {
  fate_ = fate;
  kill_at_ = now + grace;
  if (grace > Duration::zero()) kill_group(child_, SIGTERM);
}

Duration CommandRun::patience(Instant now) const {
  Instant until = now + (child_.exit.is_open() ? look_around : look_for_end);
  if (fate_ == Fate::own) until = std::min(until, limit_);
  until = std::min(until, kill_at_);
  return std::max(until - now, Duration::zero());
}

Answer CommandRun::answer(int status) {
  switch (fate_) {
    case Fate::timed_out:
      return {JobOutcome::failed,
              with_last_line("time limit of " + seconds_text(attempt_.time_limit)),
              {}};
    case Fate::abandoned:
      return {JobOutcome::released, {}, {}};
    case Fate::too_much:
      return {JobOutcome::failed,
              "more than " + std::to_string(options_.result_bytes_max) +
                  " bytes on stdout: write large results elsewhere and print where they are",
              {}};
    case Fate::own:
      break;
  }
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return {JobOutcome::failed,
            with_last_line("killed by signal " + std::to_string(signal) + " (" + strsignal(signal) +
                           ")"),
            {}};
  }
  const int code = WEXITSTATUS(status);
  if (code == 0) return {JobOutcome::done, std::move(output_), {}};
  if (code == released_code) return {JobOutcome::released, {}, released_wait};
  return {code == rejected_code ? JobOutcome::rejected : JobOutcome::failed,
          with_last_line("exit code " + std::to_string(code)),
          {}};
}

std::string CommandRun::with_last_line(std::string text) const {
  if (errors_.last().empty()) return text;
  return std::move(text) + ": " + errors_.last();
}

}  // namespace zcrew::worker
